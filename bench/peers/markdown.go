//go:build linux

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// write writes the CSV and the Markdown file and shows the table.
func (b *bench) write() error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	if err := b.writeFile(".csv", b.results.writeCSV); err != nil {
		return err
	}
	if err := b.writeFile(".md", b.writeMarkdown); err != nil {
		return err
	}
	return b.writeTable(os.Stdout)
}

func (b *bench) writeFile(extension string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(b.out, b.name+extension))
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (b *bench) writeMarkdown(w io.Writer) error {
	fmt.Fprintf(w, "# proxy-engine and its peers, side by side\n\n")
	fmt.Fprintf(w, "%s. %s.\n", b.started.UTC().Format("2006-01-02 15:04 UTC"), machine())
	fmt.Fprintf(w, "%d threads per peer, rounds %d, interleaved, %v each; took %v; idle rows at %d sessions; "+
		"load average before %s, after %s.\n\n",
		b.threads, b.rounds, b.duration, time.Since(b.started).Round(time.Second), b.sessions, b.load, loadAverage())
	fmt.Fprintf(w, "Medians; lowest to highest in parentheses. A factor is the median divided by %s's.\n\n", reference)
	if err := b.writeTable(w); err != nil {
		return err
	}
	if notes := b.results.notes(b.sessions); len(notes) > 0 {
		fmt.Fprintf(w, "\n## Notes\n\n- %s\n", strings.Join(notes, "\n- "))
	}
	fmt.Fprintf(w, "\n## Versions\n\n")
	writeMap(w, b.versions)
	if len(b.missing) > 0 {
		fmt.Fprintf(w, "\n## Left out\n\n")
		writeMap(w, b.missing)
	}
	fmt.Fprintf(w, "\n## Commands\n\nThe last ones used; ports and process ids differ from run to run.\n\n")
	writeMap(w, b.commands)
	for _, name := range slices.Sorted(maps.Keys(b.configs)) {
		fmt.Fprintf(w, "\nConfiguration of %s:\n\n```\n%s```\n", name, b.configs[name])
	}
	return nil
}

func writeMap(w io.Writer, m map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(w, "- %s: `%s`\n", key, m[key])
	}
}

// columns are the peers in the order of the table: the reference first.
func (b *bench) columns() []string {
	var names []string
	for _, p := range b.peers {
		names = append(names, p.name)
	}
	if b.direct {
		names = append(names, direct)
	}
	if i := slices.Index(names, reference); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, reference)
	}
	return names
}

func (b *bench) writeTable(w io.Writer) error {
	columns := b.columns()
	fmt.Fprintf(w, "| workload | measured | %s |\n", strings.Join(columns, " | "))
	fmt.Fprintf(w, "|---|---|%s\n", strings.Repeat("---|", len(columns)))
	for _, r := range b.rows {
		for _, m := range r.metrics {
			var cells []string
			for _, name := range columns {
				cells = append(cells, b.cell(r, m, name))
			}
			if _, err := fmt.Fprintf(w, "| %s | %s | %s |\n", r.title, m.heading(), strings.Join(cells, " | ")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m metric) heading() string {
	if m.less {
		return m.name + ", " + m.unit + " (less is better)"
	}
	return m.name + ", " + m.unit
}

// cell shows "x1.23: 456 (400 to 500)".
func (b *bench) cell(r row, m metric, name string) string {
	s := b.results.summarize(r.id, m, name)
	if s.rounds == 0 {
		return "-"
	}
	if s.failed == s.rounds {
		return "failed"
	}
	text := fmt.Sprintf(m.format+" ("+m.format+" to "+m.format+")", s.median, s.min, s.max)
	if s.failed > 0 {
		text += fmt.Sprintf(", %d of %d failed", s.failed, s.rounds)
	}
	base := b.results.summarize(r.id, m, reference).median
	if name == reference || base == 0 {
		return text
	}
	return fmt.Sprintf("**x%.2f** %s", s.median/base, text)
}
