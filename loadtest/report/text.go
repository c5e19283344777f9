package report

import (
	"fmt"
	"io"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// Row is one line of the text form.
type Row struct{ Name, Value, Unit string }

// WriteText prints the report as aligned rows.
func (r *Report) WriteText(w io.Writer) error {
	for _, row := range r.Rows() {
		if _, err := fmt.Fprintf(w, "%-34s %14s %s\n", row.Name, row.Value, row.Unit); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns what applies to the report's mode, in the order of printing.
func (r *Report) Rows() []Row {
	rows := []Row{{r.Mode, r.Target, ""}}
	for _, s := range r.Settings {
		rows = append(rows, Row{"  " + s.Name, s.Value, ""})
	}
	rows = append(rows, seconds("measured time", r.Elapsed))
	rows = append(rows, r.sessionRows()...)
	rows = append(rows, r.operationRows()...)
	rows = append(rows, r.byteRows()...)
	rows = append(rows, r.serverRows()...)
	return append(rows, r.failureRows()...)
}

func (r *Report) sessionRows() []Row {
	return []Row{
		count("sessions wanted", r.Sessions.Wanted),
		count("sessions established", r.Sessions.Established),
		count("sessions alive at the end", r.Sessions.Alive),
	}
}

func (r *Report) operationRows() []Row {
	if r.Latency == nil {
		return nil
	}
	return []Row{
		count("operations", r.Operations),
		{"rate", fmt.Sprintf("%.0f", r.OperationRate()), "1/s"},
		micros("latency mean", r.Latency.Mean()),
		micros("latency p50", r.Latency.Quantile(50)),
		micros("latency p90", r.Latency.Quantile(90)),
		micros("latency p99", r.Latency.Quantile(99)),
		micros("latency p99.9", r.Latency.Quantile(99.9)),
		micros("latency max", r.Latency.Max()),
	}
}

func (r *Report) byteRows() []Row {
	if r.Bytes.Total() == 0 {
		return nil
	}
	return []Row{
		gib("bytes down, verified", r.Bytes.Down),
		gib("bytes up, verified", r.Bytes.Up),
		{"throughput", fmt.Sprintf("%.3f", r.ByteRate()/1e9), "GB/s"},
	}
}

func (r *Report) serverRows() []Row {
	if r.Server == nil {
		return nil
	}
	s := r.Server
	rows := []Row{
		count("server processes", uint64(s.After.Processes)),
		kib("server memory (PSS) before", s.Before.Memory),
		kib("server memory (PSS) after", s.After.Memory),
		{"server memory per session", fmt.Sprintf("%.0f", r.MemoryPerSession()), "bytes"},
		{"all memory per session, whole machine", fmt.Sprintf("%.0f", r.KernelPerSession()), "bytes"},
		count("server descriptors", uint64(s.After.Descriptors)),
		seconds("server CPU time", r.CPU()),
	}
	if r.Operations > 0 {
		rows = append(rows, micros("server CPU per operation", r.CPUPerOperation()))
	}
	if r.Bytes.Total() > 0 {
		rows = append(rows, Row{"server CPU per GiB", fmt.Sprintf("%.3f", r.CPUSecondsPerGiB()), "s"})
	}
	if s.Error != "" {
		rows = append(rows, Row{"server not read to the end", s.Error, ""})
	}
	return rows
}

func (r *Report) failureRows() []Row {
	rows := []Row{count("failures", r.Failures.Total())}
	for kind, n := range r.Failures {
		if n > 0 {
			rows = append(rows, count("  "+measure.Failure(kind).String(), n))
		}
	}
	if r.Interrupted {
		rows = append(rows, Row{"interrupted", "yes", ""})
	}
	return rows
}

func count(name string, n uint64) Row { return Row{name, fmt.Sprint(n), ""} }

func seconds(name string, d time.Duration) Row {
	return Row{name, fmt.Sprintf("%.3f", d.Seconds()), "s"}
}

func micros(name string, d time.Duration) Row {
	return Row{name, fmt.Sprintf("%.1f", float64(d)/1e3), "us"}
}

func kib(name string, bytes uint64) Row {
	return Row{name, fmt.Sprintf("%.0f", float64(bytes)/(1<<10)), "KiB"}
}

func gib(name string, bytes uint64) Row {
	return Row{name, fmt.Sprintf("%.3f", float64(bytes)/(1<<30)), "GiB"}
}
