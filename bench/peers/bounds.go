//go:build linux

package main

import (
	"fmt"
	"io"
)

// What the fastest proxy's share of the rate without one tells.
const (
	// mostlyOthers is from which share on a row is bound by generator and
	// backend: they take half of the time there.
	mostlyOthers = 0.5
	// sparing is from which share on a proxy can't just be quick: it spares the
	// backend work, as a pooler does. Below, it is chance.
	sparing = 1.5
)

// bound is what limits a row's rate.
type bound struct {
	row     row
	direct  float64 // the rate without a proxy
	fastest string  // proxy
	rate    float64 // the fastest proxy's
}

// boundsOf looks at every row that was measured both without a proxy and with
// one.
func boundsOf(rows []row, rs results) []bound {
	var bounds []bound
	for _, r := range rows {
		if b := boundOf(r, rs); b.direct > 0 && b.rate > 0 {
			bounds = append(bounds, b)
		}
	}
	return bounds
}

func boundOf(r row, rs results) bound {
	b := bound{row: r}
	for _, name := range columnsOf([]row{r}, rs) {
		rate := rs.summarize(r.id, r.metrics[0], name).median
		switch {
		case name == direct:
			b.direct = rate
		case rate > b.rate:
			b.rate, b.fastest = rate, name
		}
	}
	return b
}

// share is the fastest proxy's of the rate without one.
func (b bound) share() float64 { return b.rate / b.direct }

// by names what bounds the row.
func (b bound) by() string {
	switch {
	case b.share() >= sparing:
		return "the backend, which " + b.fastest + " spares work"
	case b.share() >= mostlyOthers:
		return "generator and backend"
	default:
		return "the proxy"
	}
}

func writeBounds(w io.Writer, bounds []bound) {
	fmt.Fprintf(w, "| workload | measured | %s | fastest proxy | its share | bound by |\n|---|---|---|---|---|---|\n", direct)
	for _, b := range bounds {
		m := b.row.metrics[0]
		fmt.Fprintf(w, "| %s | %s | "+m.format+" | %s: "+m.format+" | %.0f%% | %s |\n",
			b.row.title, m.heading(), b.direct, b.fastest, b.rate, 100*b.share(), b.by())
	}
}
