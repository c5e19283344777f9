//go:build linux

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// sample is a measurement of the rate row that counted n operations in 1 s.
func sample(peer string, n uint64) measurement {
	latency := measure.NewLatencies()
	latency.Add(time.Millisecond)
	return measurement{round: 1, row: rowOf("rate"), peer: peer, report: &report.Report{
		Elapsed: time.Second, Operations: n, Latency: latency,
		Server: &report.Server{After: measure.Usage{User: time.Second}},
	}}
}

func rowOf(id string) row {
	for _, r := range rows() {
		if r.id == id {
			return r
		}
	}
	panic("no row " + id)
}

func failing(m measurement) measurement {
	m.report.Failures.Add(measure.Reset)
	return m
}

func TestSummarize(t *testing.T) {
	rate := rowOf("rate").metrics[0]
	for name, c := range map[string]struct {
		runs []measurement
		want summary
	}{
		"none":       {nil, summary{}},
		"one":        {[]measurement{sample("a", 5)}, summary{median: 5, min: 5, max: 5, rounds: 1}},
		"odd":        {[]measurement{sample("a", 9), sample("a", 1), sample("a", 2), sample("b", 7)}, summary{2, 1, 9, 3, 0}},
		"even":       {[]measurement{sample("a", 4), sample("a", 1), sample("a", 2), sample("a", 9)}, summary{3, 1, 9, 4, 0}},
		"one failed": {[]measurement{sample("a", 4), failing(sample("a", 1))}, summary{4, 4, 4, 2, 1}},
		"all failed": {[]measurement{failing(sample("a", 1))}, summary{rounds: 1, failed: 1}},
	} {
		if got := results(c.runs).summarize("rate", rate, "a"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	b := &bench{
		rows: []row{rowOf("rate")}, direct: true, peers: []peer{{name: "reactor"}, {name: "haproxy"}, {name: "nginx"}},
		results: results{
			sample("haproxy", 100), sample("reactor", 150), sample("haproxy", 200), sample("haproxy", 300), failing(sample("nginx", 1)),
		},
	}
	var out bytes.Buffer
	if err := b.writeTable(&out); err != nil {
		t.Fatal(err)
	}
	want := `| workload | measured | haproxy | reactor | nginx | direct |
|---|---|---|---|---|---|
| connect, one exchange, close | connections, 1/s | 200 (100 to 300) | **x0.75** 150 (150 to 150) | failed | - |
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestNotes(t *testing.T) {
	idle := measurement{round: 1, row: rowOf("idle"), peer: "goroutine", report: &report.Report{
		Sessions: report.Sessions{Wanted: 3000, Established: 3000, Alive: 3000},
	}}
	got := results{idle, failing(sample("nginx", 1)), idle, sample("haproxy", 1)}.notes(8000)
	want := []string{
		"idle, goroutine: at 3000 sessions, because of the descriptor limit",
		"rate, nginx, round 1: FAILED: 1 reset, 0 of 0 sessions alive",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPeersHoldWhatDescriptorsAllow(t *testing.T) {
	for _, c := range []struct{ each, wanted, limit, want int }{
		{2, 8000, 20000, 8000}, {6, 8000, 20000, 3250}, {2, 8000, 1000, 250}, {6, 8000, 10, 1},
	} {
		if got := (peer{descriptors: c.each}).holds(c.wanted, c.limit); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := (results{failing(sample("haproxy", 100))}).writeCSV(&out); err != nil {
		t.Fatal(err)
	}
	want := `round,row,peer,metric,value,unit,failures
1,rate,haproxy,connections,100,1/s,1
1,rate,haproxy,CPU per connection,10000,us,1
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"--only", "rr1k-50, idle", "--peers", "haproxy,direct", "--quick"})
	if err != nil || len(o.rows) != 2 || len(o.peers) != 2 || o.rounds != 1 || o.name != "peers-part" {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = parse([]string{"--only", "tea", "--peers", "coffee", "--rounds", "0"})
	for _, word := range []string{"tea", "coffee", "rounds"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v says nothing of %s", err, word)
		}
	}
}

func TestRowsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range rowIDs() {
		if seen[id] {
			t.Errorf("two rows %s", id)
		}
		seen[id] = true
	}
}
