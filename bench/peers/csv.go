//go:build linux

package main

import (
	"encoding/csv"
	"io"
	"strconv"
)

// writeCSV writes every value measured, one per line. What couldn't be
// measured has a line without a value.
func (rs results) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"round", "row", "peer", "metric", "value", "unit", "failures"})
	for _, m := range rs {
		for _, metric := range m.row.metrics {
			_ = out.Write([]string{
				strconv.Itoa(m.round), m.row.id, m.column, metric.name, m.value(metric), metric.unit, m.failures(),
			})
		}
	}
	// The writer keeps the first error of all the lines.
	out.Flush()
	return out.Error()
}

func (m measurement) value(of metric) string {
	value, ok := of.read(m.report)
	if !ok {
		return ""
	}
	return strconv.FormatFloat(value, 'g', 8, 64)
}

// failures is how many sessions failed, or why there is nothing.
func (m measurement) failures() string {
	if m.report == nil {
		return m.problem.Error()
	}
	return strconv.FormatUint(m.report.Failures.Total(), 10)
}
