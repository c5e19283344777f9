//go:build linux

package main

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// sampleOf is a measurement of a row that counted n operations in 1 s, of 1 ms
// each and at 1 s of processor time.
func sampleOf(rowID, column string, n uint64) measurement {
	latency := measure.NewLatencies()
	latency.Add(time.Millisecond)
	return measurement{round: 1, row: rowOf(rowID), column: column, report: &report.Report{
		Elapsed: time.Second,
		Counts:  report.Counts{Operations: n, Latency: latency},
		Server:  &report.Server{After: measure.Usage{User: time.Second}},
	}}
}

func sample(column string, n uint64) measurement { return sampleOf("rate", column, n) }

func rowOf(id string) row {
	i := slices.IndexFunc(rows(), func(r row) bool { return r.id == id })
	return rows()[i]
}

func failing(m measurement) measurement {
	m.report.Failures.Add(measure.Reset)
	return m
}

func missing(m measurement) measurement {
	m.report, m.problem = nil, errors.New("it ended")
	return m
}

func TestSummarize(t *testing.T) {
	rate := rowOf("rate").metrics[0]
	for name, c := range map[string]struct {
		runs []measurement
		want summary
	}{
		"none":       {nil, summary{}},
		"one":        {[]measurement{sample("a", 5)}, summary{5, 5, 5, 1, 1, 0}},
		"odd":        {[]measurement{sample("a", 9), sample("a", 1), sample("a", 2), sample("b", 7)}, summary{2, 1, 9, 3, 3, 0}},
		"even":       {[]measurement{sample("a", 4), sample("a", 1), sample("a", 2), sample("a", 9)}, summary{3, 1, 9, 4, 4, 0}},
		"one failed": {[]measurement{sample("a", 4), failing(sample("a", 1))}, summary{4, 4, 4, 1, 2, 1}},
		"one not made": {
			[]measurement{sample("a", 4), missing(sample("a", 1))}, summary{4, 4, 4, 1, 2, 1},
		},
		"all failed": {[]measurement{failing(sample("a", 1))}, summary{rounds: 1, failed: 1}},
	} {
		if got := results(c.runs).summarize("rate", rate, "a"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWithoutProcessesNoCPU(t *testing.T) {
	m := sample("direct", 5)
	m.report.Server = nil
	if s := (results{m}).summarize("rate", m.row.metrics[1], "direct"); s.values != 0 || s.text("%.0f") != "-" {
		t.Errorf("%+v, shown as %s", s, s.text("%.0f"))
	}
}

func TestMeasurementText(t *testing.T) {
	refused := sample("a", 100)
	refused.report.Failures.Add(measure.Rejected)
	refused.report.Answers.Add("HTTP 503")
	for want, m := range map[string]measurement{
		"100 1/s, 10000.0 us": sample("a", 100),
		"100 1/s, 10000.0 us, FAILED: 1 reset, 0 of 0 sessions alive":                          failing(sample("a", 100)),
		"100 1/s, 10000.0 us, FAILED: 1 rejected, 1 times \"HTTP 503\", 0 of 0 sessions alive": refused,
		"FAILED: it ended": missing(sample("a", 100)),
	} {
		if m.String() != want {
			t.Errorf("got %q, want %q", m.String(), want)
		}
	}
}

func TestNotes(t *testing.T) {
	idle := measurement{round: 1, row: rowOf("idle"), column: "goroutine", report: &report.Report{
		Counts: report.Counts{Sessions: report.Sessions{Wanted: 3000, Established: 3000, Alive: 3000}},
	}}
	got := results{idle, failing(sample("nginx", 1)), idle, sample("haproxy", 1), missing(sample("pgbouncer", 1))}.notes(8000)
	want := []string{
		"idle, goroutine: at 3000 sessions, because of the descriptor limit",
		"rate, nginx, round 1: FAILED: 1 reset, 0 of 0 sessions alive",
		"rate, pgbouncer, round 1: FAILED: it ended",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	without := sample("direct", 50)
	without.report.Server = nil
	err := (results{failing(sample("haproxy", 100)), missing(sample("nginx", 1)), without}).writeCSV(&out)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "values.csv", out.String())
}
