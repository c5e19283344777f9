//go:build linux

package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// measurement is one run of one row against one peer.
type measurement struct {
	round  int
	row    row
	peer   string
	report *report.Report
}

// String shows the row's metrics, and the failures if there were any.
func (m measurement) String() string {
	var parts []string
	for _, metric := range m.row.metrics {
		parts = append(parts, fmt.Sprintf(metric.format+" %s", metric.of(m.report), metric.unit))
	}
	if m.report.Failed() {
		parts = append(parts, m.failure())
	}
	return strings.Join(parts, ", ")
}

// failure names what went wrong, such as "FAILED: 3 reset, 97 of 100 sessions
// alive".
func (m measurement) failure() string {
	var parts []string
	for kind, n := range m.report.Failures {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, measure.Failure(kind)))
		}
	}
	alive := fmt.Sprintf("%d of %d sessions alive", m.report.Sessions.Alive, m.report.Sessions.Wanted)
	return "FAILED: " + strings.Join(append(parts, alive), ", ")
}

// results are all measurements, in the order they were made.
type results []measurement

// summary is the distribution of one metric over the rounds.
type summary struct {
	median, min, max float64
	rounds, failed   int
}

// summarize collects one metric of one row for one peer. Runs in which
// sessions failed count as failed and not into the numbers.
func (rs results) summarize(rowID string, m metric, peer string) summary {
	var s summary
	var values []float64
	for _, one := range rs {
		if one.row.id != rowID || one.peer != peer {
			continue
		}
		s.rounds++
		if one.report.Failed() {
			s.failed++
			continue
		}
		values = append(values, m.of(one.report))
	}
	if len(values) > 0 {
		slices.Sort(values)
		s.min, s.median, s.max = values[0], median(values), values[len(values)-1]
	}
	return s
}

// median returns the middle of sorted values, or the mean of the two middles.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// notes tells of the runs that failed and of those with fewer sessions than
// wanted.
func (rs results) notes(wanted int) []string {
	var notes []string
	for _, m := range rs {
		if m.report.Failed() {
			notes = append(notes, fmt.Sprintf("%s, %s, round %d: %s", m.row.id, m.peer, m.round, m.failure()))
		} else if held := m.report.Sessions.Wanted; m.row.proxied && held != uint64(wanted) {
			notes = append(notes, fmt.Sprintf("%s, %s: at %d sessions, because of the descriptor limit", m.row.id, m.peer, held))
		}
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}

// writeCSV writes every value measured, one per line.
func (rs results) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"round", "row", "peer", "metric", "value", "unit", "failures"})
	for _, m := range rs {
		for _, metric := range m.row.metrics {
			value := strconv.FormatFloat(metric.of(m.report), 'g', 8, 64)
			failures := strconv.FormatUint(m.report.Failures.Total(), 10)
			_ = out.Write([]string{strconv.Itoa(m.round), m.row.id, m.peer, metric.name, value, metric.unit, failures})
		}
	}
	// The writer keeps the first error of all the lines.
	out.Flush()
	return out.Error()
}
