//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is the results of some rows, with the factors of all columns.
type table struct {
	rows    []row
	columns []string
	// references are the columns that the others' results are divided by: the
	// first of them that has one in the row.
	references []string
	results    results
}

// peerTable is the table of the proxies.
func peerTable(rows []row, rs results) table {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.rival != nil })
	t := table{rows: rows, results: rs, references: []string{reference, direct}}
	t.columns = columnsOf(rows, rs)
	for i, name := range []string{reference, direct} {
		if at := slices.Index(t.columns, name); at >= 0 {
			// The reference comes first, no proxy at all last.
			t.columns = slices.Delete(t.columns, at, at+1)
			t.columns = slices.Insert(t.columns, i*len(t.columns), name)
		}
	}
	return t
}

// columnsOf lists the columns that were measured in the rows, in that order.
func columnsOf(rows []row, rs results) []string {
	var columns []string
	for _, m := range rs {
		in := slices.ContainsFunc(rows, func(r row) bool { return r.id == m.row.id })
		if in && !slices.Contains(columns, m.column) {
			columns = append(columns, m.column)
		}
	}
	return columns
}

func (t table) write(w io.Writer) {
	fmt.Fprintf(w, "| workload | measured | %s |\n", strings.Join(t.columns, " | "))
	fmt.Fprintf(w, "|---|---|%s\n", strings.Repeat("---|", len(t.columns)))
	for _, r := range t.rows {
		for _, m := range r.metrics {
			fmt.Fprintf(w, "| %s | %s | %s |\n", r.title, m.heading(), strings.Join(t.cells(r, m), " | "))
		}
	}
}

func (t table) cells(r row, m metric) []string {
	cells := make([]string, len(t.columns))
	for i, name := range t.columns {
		cells[i] = t.cell(r, m, name)
	}
	return cells
}

// cell shows "x1.23: 456 (400 to 500)".
func (t table) cell(r row, m metric, column string) string {
	s := t.results.summarize(r.id, m, column)
	text := s.text(m.format)
	if s.values == 0 {
		return text
	}
	return t.factor(r, m, column, s.median) + text
}

// factor shows how often the reference's median goes into another one, with
// the reference's name if it isn't the first.
func (t table) factor(r row, m metric, column string, median float64) string {
	name, base := t.base(r, m)
	switch {
	case base == 0 || column == name || m.server && column == direct:
		return ""
	case name == t.references[0]:
		return fmt.Sprintf("**x%.2f** ", median/base)
	default:
		return fmt.Sprintf("**x%.2f of %s** ", median/base, name)
	}
}

// base returns the reference of a row and its median; 0 if there is none.
func (t table) base(r row, m metric) (string, float64) {
	for _, name := range t.references {
		// Without a proxy the processes measured are the backend's.
		if s := t.results.summarize(r.id, m, name); s.values > 0 && !(m.server && name == direct) {
			return name, s.median
		}
	}
	return "", 0
}

// text is "456 (400 to 500)", or "456" if that is all there is; "-" for what
// wasn't measured.
func (s summary) text(format string) string {
	switch {
	case s.rounds > 0 && s.failed == s.rounds:
		return "failed"
	case s.values == 0:
		return "-"
	}
	text := fmt.Sprintf(format, s.median)
	if s.values > 1 {
		text += fmt.Sprintf(" ("+format+" to "+format+")", s.min, s.max)
	}
	if s.failed > 0 {
		text += fmt.Sprintf(", %d of %d failed", s.failed, s.rounds)
	}
	return text
}
