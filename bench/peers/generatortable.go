//go:build linux

package main

import (
	"fmt"
	"io"
)

// writeGenerators writes a table of our generator beside the other of each
// row, with the factor between them. Without such rows there is none.
func writeGenerators(w io.Writer, rows []row, rs results) {
	fmt.Fprintf(w, "| load | measured | %s | the other one | %s / other |\n|---|---|---|---|---|\n", ours, ours)
	for _, r := range rows {
		if r.rival == nil {
			continue
		}
		for _, m := range r.metrics {
			mine, other := rs.summarize(r.id, m, ours), rs.summarize(r.id, m, r.rival.name)
			fmt.Fprintf(w, "| %s | %s | %s | %s: %s | %s |\n", r.title, m.heading(),
				mine.text(m.format), r.rival.name, other.text(m.format), quotient(mine, other))
		}
	}
}

func quotient(a, b summary) string {
	if a.values == 0 || b.values == 0 || b.median == 0 {
		return "-"
	}
	return fmt.Sprintf("**x%.2f**", a.median/b.median)
}
