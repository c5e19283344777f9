// Package report is the result of a load test: one structure that is printed
// as aligned rows and written as JSON. It holds what was counted; every other
// number is computed from that by its methods, and so can be recomputed from
// the JSON.
package report

import (
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// Report is what one run of one mode found.
type Report struct {
	Mode     string    `json:"mode"`
	Target   string    `json:"target"`
	Started  time.Time `json:"started"`
	Settings []Setting `json:"settings"`

	// Elapsed is the length of the measured part; Operations, Bytes and the
	// server's CPU time belong to it.
	Elapsed time.Duration `json:"elapsed_ns"`
	// Interrupted is set if the run was stopped before its time.
	Interrupted bool `json:"interrupted"`

	Sessions Sessions `json:"sessions"`
	// Operations is the number of completed exchanges (rr) or of connections
	// from connect to close (rate); 0 in other modes.
	Operations uint64 `json:"operations"`
	Bytes      Bytes  `json:"bytes"`
	// Latency is nil in modes without operations.
	Latency *measure.Latencies `json:"latency,omitempty"`
	// Server is nil if no process was named.
	Server *Server `json:"server,omitempty"`
	// Kernel is the machine's memory before the run and at its end.
	Kernel Kernel `json:"kernel"`
	// Failures counts the sessions that failed, by kind.
	Failures measure.Failures `json:"failures"`
}

// Setting is one option of the run, in the command line's words.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Sessions counts connections. In every mode but rate, Alive is the number of
// sessions that stood at the end and answered.
type Sessions struct {
	Wanted      uint64 `json:"wanted"`
	Established uint64 `json:"established"` // of those opened, the ones whose first exchange succeeded
	Alive       uint64 `json:"alive"`
}

// Bytes are payload bytes, seen from the client, that arrived and were
// compared with what was sent.
type Bytes struct {
	Down uint64 `json:"down"`
	Up   uint64 `json:"up"`
}

// Total is the bytes of both directions.
func (b Bytes) Total() uint64 { return b.Down + b.Up }

// Server is what the processes under test used.
type Server struct {
	PIDs   []int         `json:"pids"`
	Before measure.Usage `json:"before"`
	After  measure.Usage `json:"after"`
	// Series holds samples over time; empty in short modes.
	Series []Sample `json:"series,omitempty"`
	// Error says why the processes could not be read to the end, if so.
	Error string `json:"error,omitempty"`
}

// Sample is one look at the server during the run.
type Sample struct {
	At    time.Duration `json:"at_ns"` // since the start of the measured part
	Usage measure.Usage `json:"usage"`
}

// Kernel is the machine's memory at two times.
type Kernel struct {
	Before measure.Kernel `json:"before"`
	After  measure.Kernel `json:"after"`
}

// Failed says whether the run did not do all that was asked of it: a session
// failed or died, or the server could not be read.
func (r *Report) Failed() bool {
	return r.Failures.Total() > 0 || r.Sessions.Alive < r.Sessions.Wanted && !r.Interrupted ||
		r.Server != nil && r.Server.Error != ""
}

// OperationRate returns operations per second.
func (r *Report) OperationRate() float64 { return perSecond(float64(r.Operations), r.Elapsed) }

// ByteRate returns bytes per second, both directions together.
func (r *Report) ByteRate() float64 { return perSecond(float64(r.Bytes.Total()), r.Elapsed) }

// CPU returns the server's CPU time in the measured part.
func (r *Report) CPU() time.Duration {
	if r.Server == nil {
		return 0
	}
	return r.Server.After.CPU() - r.Server.Before.CPU()
}

// CPUPerOperation returns the server's CPU time per operation.
func (r *Report) CPUPerOperation() time.Duration {
	return time.Duration(ratio(float64(r.CPU()), float64(r.Operations)))
}

// CPUSecondsPerGiB returns the server's CPU seconds per GiB moved, both
// directions together.
func (r *Report) CPUSecondsPerGiB() float64 {
	return ratio(r.CPU().Seconds(), float64(r.Bytes.Total())/(1<<30))
}

// MemoryPerSession returns the growth of the server's memory per living
// session, in bytes.
func (r *Report) MemoryPerSession() float64 {
	if r.Server == nil {
		return 0
	}
	growth := float64(r.Server.After.Memory) - float64(r.Server.Before.Memory)
	return ratio(growth, float64(r.Sessions.Alive))
}

// KernelPerSession returns how much less memory the machine has available per
// living session, in bytes: every process and the kernel together, both ends
// of every connection.
func (r *Report) KernelPerSession() float64 {
	used := float64(r.Kernel.Before.Available) - float64(r.Kernel.After.Available)
	return ratio(used, float64(r.Sessions.Alive))
}

func perSecond(n float64, d time.Duration) float64 { return ratio(n, d.Seconds()) }

// ratio is 0 for "per nothing", where a division would give no number.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
