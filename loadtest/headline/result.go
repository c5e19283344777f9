//go:build linux

package headline

import (
	"fmt"
	"io"
	"runtime"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Result is what was measured.
type Result struct {
	// Sessions is how many there was room for.
	Sessions int `json:"sessions"`
	// PerProcess is how many of them one process of proxy-engine may hold; 0 if
	// the proxy was running already.
	PerProcess int `json:"per_process,omitempty"`
	// Cores are the machine's.
	Cores int `json:"cores"`
	// Notes say what was scaled down, and why.
	Notes []string `json:"notes,omitempty"`

	// Pilot is what told how much memory a session takes.
	Pilot *report.Report `json:"pilot,omitempty"`
	Hold  *report.Report `json:"hold"`
	Rate  *report.Report `json:"rate"`
}

func newResult(sessions int) *Result { return &Result{Sessions: sessions, Cores: runtime.NumCPU()} }

// Failed says whether anything did not go as it should have.
func (r *Result) Failed() bool { return r.Hold.Failed() || r.Rate.Failed() }

// Row is a figure as published for the original proxy, if it was, and as
// measured here.
type Row struct{ Name, Original, Here string }

// Rows returns the table.
func (r *Result) Rows() []Row {
	hold := r.Hold
	alive := float64(hold.Sessions.Alive)
	return []Row{
		{"peak concurrent connections", report.Count(uint64(Original.Sessions)), report.Count(hold.Sessions.Alive)},
		{"memory at peak: all of the machine's, for both ends", gb(Original.MemoryAtPeak), gb(hold.MachinePerSession() * alive)},
		{"  of it the proxy's processes", "", gb(r.processMemory())},
		{"memory per connection: the machine's, for both ends", kb(Original.MemoryPerSession), kb(hold.MachinePerSession())},
		{"  of it the proxy's processes, growth", "", kb(hold.MemoryPerSession())},
		{"connection rate: connect, exchange, close", rate(Original.ConnectionRate), rate(r.Rate.OperationRate())},
		{"  connect and stay, up to the peak", "", rate(hold.OpeningRate())},
		{"CPU of all cores at peak; here the proxy's processes", percent(Original.CPUAtPeak), percent(r.PeakCPU())},
	}
}

// WriteText prints the table, and the reports behind it if something failed.
func (r *Result) WriteText(w io.Writer) error {
	const layout = "%-54s %26s %16s\n"
	fmt.Fprintf(w, layout, "", "original (8 cores, 32 GB)", fmt.Sprintf("here (%d cores)", r.Cores))
	for _, row := range r.Rows() {
		if _, err := fmt.Fprintf(w, layout, row.Name, row.Original, row.Here); err != nil {
			return err
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	for _, part := range []*report.Report{r.Hold, r.Rate} {
		if part.Failed() {
			fmt.Fprintln(w)
			if err := part.WriteText(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// processMemory is what the proxy's processes have grown by, in bytes.
func (r *Result) processMemory() float64 {
	return r.Hold.MemoryPerSession() * float64(r.Hold.Sessions.Alive)
}

// PeakCPU is the largest share of the machine's cores that the proxy used
// between two samples.
func (r *Result) PeakCPU() float64 {
	peak := 0.0
	for i := 1; i < len(r.Hold.Series); i++ {
		before, after := r.Hold.Series[i-1], r.Hold.Series[i]
		if before.Usage == nil || after.Usage == nil || after.At <= before.At {
			continue
		}
		used := after.Usage.CPU() - before.Usage.CPU()
		peak = max(peak, float64(used)/float64(after.At-before.At))
	}
	return peak / float64(max(r.Cores, 1))
}

func gb(bytes float64) string { return fmt.Sprintf("%.2f GB", bytes/1e9) }

func kb(bytes float64) string { return fmt.Sprintf("%.2f kB", bytes/1e3) }

func rate(perSecond float64) string { return report.Count(uint64(perSecond)) + " /s" }

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }
