//go:build linux

package main

import (
	"fmt"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// metric is one number of a row.
type metric struct {
	name, unit string
	less       bool   // whether less is better
	server     bool   // of the processes measured, not of the load
	format     string // of fmt
	of         func(*report.Report) float64
}

// heading is the metric as the tables name it.
func (m metric) heading() string {
	if m.less {
		return m.name + ", " + m.unit + " (less is better)"
	}
	return m.name + ", " + m.unit
}

// read takes the metric off a report; false means that it isn't there.
func (m metric) read(r *report.Report) (float64, bool) {
	if r == nil || m.server && r.Server == nil {
		return 0, false
	}
	return m.of(r), true
}

// text shows a value with its unit.
func (m metric) text(value float64) string { return fmt.Sprintf(m.format+" %s", value, m.unit) }

func rateOf(operations string) metric {
	return metric{name: operations, unit: "1/s", format: "%.0f", of: (*report.Report).OperationRate}
}

func cpuPer(operation, format string) metric {
	return metric{
		name: "CPU per " + operation, unit: "us", less: true, server: true, format: format,
		of: func(r *report.Report) float64 { return float64(r.CPUPerOperation()) / 1e3 },
	}
}

func latencyP99() metric {
	return metric{
		name: "latency p99", unit: "us", less: true, format: "%.0f",
		of: func(r *report.Report) float64 { return float64(r.Latency.Quantile(99)) / 1e3 },
	}
}

func throughput() metric {
	return metric{
		name: "throughput", unit: "GB/s", format: "%.2f",
		of: func(r *report.Report) float64 { return r.ByteRate() / 1e9 },
	}
}

func cpuPerGiB() metric {
	return metric{name: "CPU", unit: "s/GiB", less: true, server: true, format: "%.3f", of: (*report.Report).CPUSecondsPerGiB}
}

func memoryPerSession() metric {
	return metric{
		name: "process memory per session", unit: "bytes", less: true, server: true, format: "%.0f",
		of: (*report.Report).MemoryPerSession,
	}
}
