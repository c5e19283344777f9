package admin

import (
	"fmt"
	"io"
	"strings"
)

// WriteMetrics writes the table of metrics in Markdown, for docs/metrics.md.
func WriteMetrics(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n")
	for _, m := range metrics() {
		kind := "gauge"
		if m.kind == counter {
			kind = "counter"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, kind, strings.Join(m.labels, ", "), m.help)
	}
	for _, h := range histograms() {
		fmt.Fprintf(&b, "| `%s` | histogram | %s | %s |\n", h.name, strings.Join(h.labels, ", "), h.help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
