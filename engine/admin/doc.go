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
	fmt.Fprintf(&b, "| `%s` | histogram | phase | %s |\n", phaseMetric, phaseHelp)
	_, err := io.WriteString(w, b.String())
	return err
}
