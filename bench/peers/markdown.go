//go:build linux

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// page is all that the Markdown file tells.
type page struct {
	options
	told
	rows    []row
	results results

	started           time.Time
	took, planned     time.Duration
	machine           string
	loadFrom, loadEnd string // load averages
}

func (p page) write(w io.Writer) {
	p.writeHead(w)
	p.writeTables(w)
	writeSection(w, "Notes", p.notes())
	writeSection(w, "Versions", quoted(p.versions))
	writeSection(w, "Left out", quoted(p.missing))
	writeSection(w, "Commands (the last ones used; ports and process ids differ)", quoted(p.commands))
	for _, name := range slices.Sorted(maps.Keys(p.configs)) {
		fmt.Fprintf(w, "\nConfiguration of %s:\n\n```\n%s```\n", name, p.configs[name])
	}
}

func (p page) writeHead(w io.Writer) {
	fmt.Fprintf(w, "# proxy-engine and its peers, side by side\n\n")
	fmt.Fprintf(w, "%s. %s.\n", p.started.UTC().Format("2006-01-02 15:04 UTC"), p.machine)
	fmt.Fprintf(w, "%d threads per peer, rounds %d, interleaved, %v each; took %v, estimated %v; "+
		"idle rows at %d sessions; load average before %s, after %s.\n",
		p.threads, p.rounds, p.duration, p.took, p.planned, p.sessions, p.loadFrom, p.loadEnd)
}

func (p page) writeTables(w io.Writer) {
	if t := peerTable(p.rows, p.results); len(t.columns) > 0 {
		fmt.Fprintf(w, "\n## Proxies\n\nMedians; lowest to highest in parentheses. "+
			"A factor is the median divided by %s's; where that has none, by that of %s, without a proxy. "+
			"CPU and memory are the proxy's; in the last column, the backend's.\n\n", reference, direct)
		t.write(w)
	}
	if bounds := boundsOf(p.rows, p.results); len(bounds) > 0 {
		fmt.Fprintf(w, "\n### What bounds the rows\n\nGenerator, backend and proxy share the machine. What a rate through a proxy is "+
			"of the rate without one is about the share of the time that generator and backend take of it; "+
			"from %.0f%% on it is they that bound the row, and CPU is the figure to compare.\n\n", 100*mostlyOthers)
		writeBounds(w, bounds)
	}
	if slices.ContainsFunc(p.results, func(m measurement) bool { return m.row.rival != nil }) {
		fmt.Fprintf(w, "\n## Generators\n\nWithout a proxy, against the same backend, with as many threads; more is better.\n\n")
		writeGenerators(w, p.rows, p.results)
	}
}

// notes are what the reader of the tables must know besides.
func (p page) notes() []string {
	notes := p.results.notes(p.sessions)
	if _, ok := p.versions["pgbouncer"]; ok {
		notes = append(notes, "pgbouncer answers logins itself and hands its sessions with PostgreSQL on to the next client; "+
			"through all the others, a new client costs PostgreSQL a new process.")
	}
	if slices.ContainsFunc(p.rows, func(r row) bool { return r.workload == workTLS }) {
		notes = append(notes, fmt.Sprintf("TLS rows: TLS 1.3, %s, %s and a certificate with an ECDSA P-256 key, which clients verify; "+
			"%s is tls.Listener, a goroutine per direction and io.Copy.", tlsSuite, tlsCurve, cryptoTLS))
	}
	if _, ok := p.commands["backend "+backendPostgres]; ok {
		notes = append(notes, "PostgreSQL's own CPU time isn't measured: a session's process takes it along when it ends.")
	}
	return notes
}

// writeSection writes a list under a heading; nothing if it is empty.
func writeSection(w io.Writer, heading string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n## %s\n\n- %s\n", heading, strings.Join(lines, "\n- "))
	}
}

// quoted lists a map in order.
func quoted(m map[string]string) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, fmt.Sprintf("%s: `%s`", key, m[key]))
	}
	return lines
}
