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
	Target   string    `json:"target"` // several are separated by commas
	Started  time.Time `json:"started"`
	Settings []Setting `json:"settings"`

	// Elapsed is the length of the measured part; Operations, Bytes and the
	// server's CPU time belong to it.
	Elapsed time.Duration `json:"elapsed_ns"`
	// Opening is how much of it the sessions took to open; 0 in modes that
	// don't hold them.
	Opening time.Duration `json:"opening_ns"`
	// Interrupted is set if the run was stopped before its time.
	Interrupted bool `json:"interrupted"`

	// Counts are those of all generating processes together.
	Counts
	// Server is nil if no process was named.
	Server *Server `json:"server,omitempty"`
	// Kernel is the machine's memory before the run and at its end.
	Kernel Kernel `json:"kernel"`
	// Series are samples over time, in order.
	Series []Sample `json:"series,omitempty"`
}

// Setting is one option of the run, in the command line's words.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Server is what the processes under test used.
type Server struct {
	PIDs   []int         `json:"pids"`
	Before measure.Usage `json:"before"`
	After  measure.Usage `json:"after"`
	// Error says why the processes could not be read to the end, if so.
	Error string `json:"error,omitempty"`
}

// Sample is one look at the load, the server and the machine during the run.
type Sample struct {
	At time.Duration `json:"at_ns"` // since the start of the measured part
	Progress
	Usage  *measure.Usage `json:"usage,omitempty"` // nil if no process was named
	Kernel measure.Kernel `json:"kernel"`
}

// Kernel is the machine's memory at two times.
type Kernel struct {
	Before measure.Kernel `json:"before"`
	After  measure.Kernel `json:"after"`
}

// Failed says whether the run did not do all that was asked of it: a session
// failed, was refused or died, or the server could not be read.
func (r *Report) Failed() bool {
	return r.Failures.Total() > 0 || len(r.Answers) > 0 ||
		r.Sessions.Alive < r.Sessions.Wanted && !r.Interrupted ||
		r.Server != nil && r.Server.Error != ""
}

// holds says whether sessions were added and then held, so that what was added
// to memory is theirs. In other modes they stand before the measured part or
// come and go.
func (r *Report) holds() bool { return r.Opening > 0 }

// OpeningRate returns the sessions opened per second while they were opened.
func (r *Report) OpeningRate() float64 {
	return perSecond(float64(r.Sessions.Established), r.Opening)
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

// Cores returns how many of the machine's processors the server kept busy on
// average.
func (r *Report) Cores() float64 { return perSecond(r.CPU().Seconds(), r.Elapsed) }

// MemoryPerSession returns the growth of the server's memory per living
// session, in bytes.
func (r *Report) MemoryPerSession() float64 {
	if r.Server == nil {
		return 0
	}
	return r.growthPerSession(r.Server.Before.Memory, r.Server.After.Memory)
}

// DescriptorsPerSession returns how many more descriptors the server has open
// per living session.
func (r *Report) DescriptorsPerSession() float64 {
	if r.Server == nil {
		return 0
	}
	return r.growthPerSession(uint64(r.Server.Before.Descriptors), uint64(r.Server.After.Descriptors))
}

// SlabPerSession returns the growth of the kernel's objects (sockets, epoll
// entries, descriptors) per living session, in bytes, both ends of every
// connection.
func (r *Report) SlabPerSession() float64 {
	return r.growthPerSession(r.Kernel.Before.Slab, r.Kernel.After.Slab)
}

// SocketBuffersPerSession returns the growth of the pages in TCP's buffers per
// living session, in bytes, both ends of every connection.
func (r *Report) SocketBuffersPerSession() float64 {
	return r.growthPerSession(r.Kernel.Before.Sockets, r.Kernel.After.Sockets)
}

// MachinePerSession returns how much less memory the machine has available per
// living session, in bytes: every process and the kernel together, both ends
// of every connection.
func (r *Report) MachinePerSession() float64 {
	return r.growthPerSession(r.Kernel.After.Available, r.Kernel.Before.Available)
}

// growthPerSession is negative if there is less afterwards.
func (r *Report) growthPerSession(before, after uint64) float64 {
	return ratio(float64(after)-float64(before), float64(r.Sessions.Alive))
}

func perSecond(n float64, d time.Duration) float64 { return ratio(n, d.Seconds()) }

// ratio is 0 for "per nothing", where a division would give no number.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
