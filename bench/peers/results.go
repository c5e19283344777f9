//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// measurement is one run of one row for one column.
type measurement struct {
	round   int
	row     row
	column  string
	report  *report.Report // nil if there is a problem
	problem error          // why nothing was measured
}

// failed says that the measurement counts for nothing: none was made, or
// sessions failed in it.
func (m measurement) failed() bool { return m.report == nil || m.report.Failed() }

// String shows the row's metrics, and the failures if there were any.
func (m measurement) String() string {
	var parts []string
	for _, metric := range m.row.metrics {
		if value, ok := metric.read(m.report); ok {
			parts = append(parts, metric.text(value))
		}
	}
	if m.failed() {
		parts = append(parts, m.failure())
	}
	return strings.Join(parts, ", ")
}

// failure names what went wrong, such as "FAILED: 3 reset, 97 of 100 sessions
// alive".
func (m measurement) failure() string {
	if m.report == nil {
		return fmt.Sprintf("FAILED: %v", m.problem)
	}
	var parts []string
	for kind, n := range m.report.Failures {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, measure.Failure(kind)))
		}
	}
	for text, n := range m.report.Answers {
		parts = append(parts, fmt.Sprintf("%d times %q", n, text))
	}
	slices.Sort(parts)
	alive := fmt.Sprintf("%d of %d sessions alive", m.report.Sessions.Alive, m.report.Sessions.Wanted)
	return "FAILED: " + strings.Join(append(parts, alive), ", ")
}

// results are all measurements, in the order they were made.
type results []measurement

// of returns those of a row and a column.
func (rs results) of(rowID, column string) results {
	var some results
	for _, m := range rs {
		if m.row.id == rowID && m.column == column {
			some = append(some, m)
		}
	}
	return some
}

// summary is the distribution of one metric over the rounds.
type summary struct {
	median, min, max float64
	values           int // that it is made of
	rounds, failed   int
}

// summarize collects one metric of one row for one column. Failed measurements
// don't go into the numbers.
func (rs results) summarize(rowID string, metric metric, column string) summary {
	var s summary
	var values []float64
	for _, m := range rs.of(rowID, column) {
		s.rounds++
		if m.failed() {
			s.failed++
		} else if value, ok := metric.read(m.report); ok {
			values = append(values, value)
		}
	}
	if s.values = len(values); s.values > 0 {
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

// notes tells of the measurements that failed and of those with fewer sessions
// than wanted.
func (rs results) notes(wanted int) []string {
	var notes []string
	for _, m := range rs {
		if m.failed() {
			notes = append(notes, fmt.Sprintf("%s, %s, round %d: %s", m.row.id, m.column, m.round, m.failure()))
		} else if held := m.report.Sessions.Wanted; m.row.proxied && held != uint64(wanted) {
			notes = append(notes, fmt.Sprintf("%s, %s: at %d sessions, because of the descriptor limit", m.row.id, m.column, held))
		}
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}
