//go:build linux

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// fixed are measurements of all that the tables show: a reference and its
// spread, one that failed in part and one altogether, one row without the
// reference, and generators.
func fixed() results {
	rs := results{
		sample("reactor", 150), sample("haproxy", 100), failing(sample("nginx", 1)), sample("direct", 250),
		sample("reactor", 170), sample("haproxy", 300), failing(sample("nginx", 1)), sample("direct", 270),
		missing(sample("reactor", 1)), sample("haproxy", 200), failing(sample("nginx", 1)), sample("direct", 260),
		sampleOf("pg-connect", "reactor", 40), sampleOf("pg-connect", "direct", 160),
		sampleOf("gen-rr", ours, 900), sampleOf("gen-rr", "C epoll", 1000),
		sampleOf("gen-http", ours, 800), missing(sampleOf("gen-http", "wrk", 1)),
	}
	for i := range rs {
		if rs[i].column == direct && rs[i].row.workload == workPostgres {
			rs[i].report.Server = nil
		}
	}
	return rs
}

func somePage() page {
	rows := []row{rowOf("rate"), rowOf("pg-connect"), rowOf("gen-rr"), rowOf("gen-http")}
	return page{
		options: options{rounds: 3, duration: 2500 * time.Millisecond, threads: 2, sessions: 8000},
		told: told{
			versions: map[string]string{"haproxy": "HAProxy version 0", "pgbouncer": "PgBouncer 0"},
			missing:  map[string]string{"nginx (http)": "exec: not found"},
			commands: map[string]string{"haproxy (tcp)": "haproxy -db -f haproxy.cfg", "backend postgres": "postgres"},
			configs:  map[string]string{"haproxy (tcp)": "global\n"},
		},
		rows: rows, results: fixed(),
		started: time.Unix(0, 0), took: 10 * time.Minute, planned: 9 * time.Minute,
		machine: "Linux 0, 2 x Processor", loadFrom: "0.10", loadEnd: "3.20",
	}
}

func TestPage(t *testing.T) {
	var out bytes.Buffer
	somePage().write(&out)
	golden(t, "page.md", out.String())
}

func TestPageOfGeneratorsAlone(t *testing.T) {
	p := somePage()
	p.rows, p.results = []row{rowOf("gen-rr")}, results{sampleOf("gen-rr", ours, 9), sampleOf("gen-rr", "C epoll", 10)}
	var out bytes.Buffer
	p.writeTables(&out)
	if strings.Contains(out.String(), "## Proxies") || !strings.Contains(out.String(), "**x0.90**") {
		t.Error(out.String())
	}
}

func TestBounds(t *testing.T) {
	r := []row{rowOf("rate")}
	for name, c := range map[string]struct {
		runs results
		want []string
	}{
		"the proxy":     {results{sample("a", 10), sample("b", 49), sample(direct, 100)}, []string{"b: the proxy"}},
		"the others":    {results{sample("a", 50), sample("b", 10), sample(direct, 100)}, []string{"a: generator and backend"}},
		"a pooler":      {results{sample("a", 150), sample(direct, 100)}, []string{"a: the backend, which a spares work"}},
		"no direct":     {results{sample("a", 50)}, nil},
		"no proxy":      {results{sample(direct, 50)}, nil},
		"proxy failed":  {results{failing(sample("a", 50)), sample(direct, 50)}, nil},
		"direct failed": {results{sample("a", 50), failing(sample(direct, 50))}, nil},
	} {
		var got []string
		for _, b := range boundsOf(r, c.runs) {
			got = append(got, b.fastest+": "+b.by())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestColumnOrder(t *testing.T) {
	runs := results{sample("nginx", 1), sample("direct", 1), sample("haproxy", 1), sample("reactor", 1)}
	got := peerTable([]row{rowOf("rate")}, runs).columns
	if want := []string{"haproxy", "nginx", "reactor", "direct"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRatesOfKnownReport(t *testing.T) {
	r := &report.Report{Elapsed: 2 * time.Second, Counts: report.Counts{Operations: 10, Bytes: report.Bytes{Down: 3e9, Up: 1e9}}}
	if got, ok := throughput().read(r); got != 2 || !ok {
		t.Errorf("throughput %v, %v", got, ok)
	}
	if got, ok := rateOf("x").read(r); got != 5 || !ok {
		t.Errorf("rate %v, %v", got, ok)
	}
	if _, ok := cpuPerGiB().read(r); ok {
		t.Error("CPU of no process")
	}
	if _, ok := rateOf("x").read(nil); ok {
		t.Error("a rate of nothing")
	}
}
