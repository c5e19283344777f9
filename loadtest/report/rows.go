package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// section is a group of rows about one thing.
type section struct {
	Title string
	Rows  []Row
}

// sections returns those that have rows in the report's mode.
func (r *Report) sections() []section {
	all := []section{
		{"Sessions", r.sessionRows()},
		{"Operations", append(r.operationRows(), r.lagRows()...)},
		{"TLS", r.tlsRows()},
		{"Data", r.byteRows()},
		{"Server", r.serverRows()},
		{"Machine", r.machineRows()},
		{"Outcome", r.outcomeRows()},
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Rows) == 0 })
}

func (r *Report) settingRows() []Row {
	var rows []Row
	for _, s := range r.Settings {
		rows = append(rows, Row{printable(s.Name), printable(s.Value), ""})
	}
	return rows
}

func (r *Report) sessionRows() []Row {
	rows := []Row{
		seconds("measured time", r.Elapsed),
		count("sessions wanted", r.Sessions.Wanted),
		count("sessions established", r.Sessions.Established),
		count("sessions alive at the end", r.Sessions.Alive),
	}
	if r.holds() {
		rows = append(rows, seconds("opening time", r.Opening), rate("sessions opened per second", r.OpeningRate()))
	}
	return rows
}

func (r *Report) operationRows() []Row {
	if r.Latency == nil {
		return nil
	}
	return []Row{
		count("operations", r.Operations),
		rate("rate", r.OperationRate()),
		micros("latency mean", r.Latency.Mean()),
		micros("latency p50", r.Latency.Quantile(50)),
		micros("latency p90", r.Latency.Quantile(90)),
		micros("latency p99", r.Latency.Quantile(99)),
		micros("latency p99.9", r.Latency.Quantile(99.9)),
		micros("latency max", r.Latency.Max()),
	}
}

func (r *Report) lagRows() []Row {
	if r.Lag == nil {
		return nil
	}
	return []Row{
		micros("begun late p50", r.Lag.Quantile(50)),
		micros("begun late p99", r.Lag.Quantile(99)),
		micros("begun late max", r.Lag.Max()),
	}
}

func (r *Report) tlsRows() []Row {
	if len(r.TLS) == 0 {
		return nil
	}
	return append([]Row{count("TLS handshakes", r.TLS.Total())}, ranked(r.TLS, "  ")...)
}

func (r *Report) byteRows() []Row {
	if r.Bytes.Total() == 0 {
		return nil
	}
	rows := []Row{
		gib("bytes down, verified", r.Bytes.Down),
		gib("bytes up, verified", r.Bytes.Up),
	}
	if !r.holds() { // most of a hold is spent idle
		rows = append(rows, Row{"throughput", number(r.ByteRate()/1e9, 3), "GB/s"})
	}
	return rows
}

func (r *Report) serverRows() []Row {
	if r.Server == nil {
		return nil
	}
	rows := slices.Concat(r.serverMemoryRows(), r.serverDescriptorRows(), r.serverCPURows())
	if r.Server.Error != "" {
		rows = append(rows, Row{"server not read to the end", printable(r.Server.Error), ""})
	}
	return rows
}

func (r *Report) serverMemoryRows() []Row {
	rows := []Row{
		count("server processes", uint64(r.Server.After.Processes)),
		kib("server memory (PSS) before", r.Server.Before.Memory),
		kib("server memory (PSS) after", r.Server.After.Memory),
	}
	if r.holds() {
		rows = append(rows, bytesEach("server memory per session", r.MemoryPerSession()))
	}
	return rows
}

func (r *Report) serverDescriptorRows() []Row {
	rows := []Row{count("server descriptors", uint64(r.Server.After.Descriptors))}
	if r.holds() {
		rows = append(rows, Row{"server descriptors per session", number(r.DescriptorsPerSession(), 2), ""})
	}
	return rows
}

func (r *Report) serverCPURows() []Row {
	rows := []Row{
		seconds("server CPU time", r.CPU()),
		{"server CPU utilisation", number(r.Cores(), 2), "cores"},
	}
	if r.Operations > 0 {
		rows = append(rows, micros("server CPU per operation", r.CPUPerOperation()))
	}
	if r.Bytes.Total() > 0 && !r.holds() {
		rows = append(rows, Row{"server CPU per GiB", number(r.CPUSecondsPerGiB(), 3), "s"})
	}
	return rows
}

// machineRows are about generator, server and backend together, so they say
// something only where sessions were added to a machine at rest.
func (r *Report) machineRows() []Row {
	if !r.holds() || r.Kernel.Before.Available == 0 || r.Kernel.After.Available == 0 {
		return nil
	}
	return []Row{
		bytesEach("machine: slab per session", r.SlabPerSession()),
		bytesEach("machine: socket buffers per session", r.SocketBuffersPerSession()),
		bytesEach("machine: all memory per session", r.MachinePerSession()),
	}
}

func (r *Report) outcomeRows() []Row {
	rows := []Row{count("failures", r.Failures.Total())}
	for kind, n := range r.Failures {
		if n > 0 {
			rows = append(rows, count("  "+measure.Failure(kind).String(), n))
		}
		if measure.Failure(kind) == measure.Rejected {
			rows = append(rows, r.answerRows()...)
		}
	}
	if r.Interrupted {
		rows = append(rows, Row{"interrupted", "yes", ""})
	}
	return rows
}

// answerRows are told behind the kinds that have some, of which rejected is the
// last.
func (r *Report) answerRows() []Row { return ranked(r.Answers, "    ") }

// ranked has the most frequent first.
func ranked(answers measure.Answers, indent string) []Row {
	var rows []Row
	order := slices.SortedFunc(maps.Keys(answers), func(a, b string) int {
		return cmp.Or(cmp.Compare(answers[b], answers[a]), cmp.Compare(a, b))
	})
	for _, answer := range order {
		rows = append(rows, count(indent+printable(answer), answers[answer]))
	}
	return rows
}
