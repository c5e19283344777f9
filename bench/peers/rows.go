//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// row is one workload: a mode of loadtest with its flags, the backend it wants,
// and what is read off its report.
type row struct {
	id, title string
	backend   string // of loadtest backend
	proxied   bool   // measures the proxy's own state: means nothing without one
	flags     func(options) []string
	metrics   []metric
}

// bound is a row with the flags of one run.
type bound struct {
	row
	args []string
}

func (r row) with(o options) bound { return bound{r, r.flags(o)} }

// metric is one number of a row.
type metric struct {
	name, unit string
	less       bool // whether less is better
	format     string
	of         func(*report.Report) float64
}

func rowIDs() []string {
	var ids []string
	for _, r := range rows() {
		ids = append(ids, r.id)
	}
	return ids
}

func rows() []row {
	return []row{
		idle("idle", "idle session after one exchange", "0"),
		idle("idle-64k", "idle session after 64 KiB each way", "64KiB"),
		exchanges("rr1k-50", "1 KiB, 50 connections", "1KiB", 50),
		exchanges("rr1k-200", "1 KiB, 200 connections", "1KiB", 200),
		exchanges("rr1k-1000", "1 KiB, 1,000 connections", "1KiB", 1000),
		exchanges("rr64k-50", "64 KiB, 50 connections", "64KiB", 50),
		bulk("bulk-down", "one bulk connection, download", "flood", "download"),
		bulk("bulk-up", "one bulk connection, upload", "sink", "upload"),
		bulk("bulk-both", "one bulk connection, both ways at once", "flood", "both"),
		{
			id: "rate", title: "connect, one exchange, close", backend: "echo",
			flags: func(o options) []string {
				return append([]string{"rate", "--conns", "50", "--payload", "64"}, span(o)...)
			},
			metrics: []metric{
				{"connections", "1/s", false, "%.0f", (*report.Report).OperationRate},
				{"CPU per connection", "us", true, "%.1f", cpuMicros},
			},
		},
	}
}

func idle(id, title, touch string) row {
	return row{
		id: id, title: title, backend: "echo", proxied: true,
		flags: func(o options) []string {
			return []string{
				"hold", "--sessions", fmt.Sprint(o.sessions), "--rate", "6000", "--touch", touch, "--payload", "64",
				"--hold", min(o.duration/4, time.Second).String(),
			}
		},
		metrics: []metric{{"process memory per session", "bytes", true, "%.0f", (*report.Report).MemoryPerSession}},
	}
}

func exchanges(id, title, payload string, conns int) row {
	return row{
		id: id, title: title, backend: "echo",
		flags: func(o options) []string {
			return append([]string{"rr", "--conns", fmt.Sprint(conns), "--payload", payload}, span(o)...)
		},
		metrics: []metric{
			{"operations", "1/s", false, "%.0f", (*report.Report).OperationRate},
			{"CPU per operation", "us", true, "%.2f", cpuMicros},
			{"latency p99", "us", true, "%.0f", func(r *report.Report) float64 {
				return float64(r.Latency.Quantile(99)) / 1e3
			}},
		},
	}
}

func bulk(id, title, backend, direction string) row {
	return row{
		id: id, title: title, backend: backend,
		flags: func(o options) []string {
			return []string{"bulk", "--conns", "1", "--direction", direction, "--duration", o.duration.String()}
		},
		metrics: []metric{
			{"throughput", "GB/s", false, "%.2f", func(r *report.Report) float64 { return r.ByteRate() / 1e9 }},
			{"CPU", "s/GiB", true, "%.3f", (*report.Report).CPUSecondsPerGiB},
		},
	}
}

func span(o options) []string {
	return []string{"--warm-up", (o.duration / 8).String(), "--duration", o.duration.String()}
}

func cpuMicros(r *report.Report) float64 { return float64(r.CPUPerOperation()) / 1e3 }
