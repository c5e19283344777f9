package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// known is a report whose every row can be worked out by hand.
func known() *Report {
	latency := measure.NewLatencies()
	for us := 1; us <= 1000; us++ {
		latency.Add(time.Duration(us) * time.Microsecond)
	}
	return &Report{
		Mode: "rr", Target: "127.0.0.1:9", Started: time.Unix(0, 0).UTC(),
		Settings: []Setting{{"conns", "4"}},
		Elapsed:  2 * time.Second,
		Sessions: Sessions{Wanted: 4, Established: 4, Alive: 4},
		// 1,000 operations and 1 GiB each way in 2 s.
		Operations: 1000,
		Bytes:      Bytes{Down: 1 << 30, Up: 1 << 30},
		Latency:    latency,
		Server: &Server{
			PIDs:   []int{7},
			Before: measure.Usage{Processes: 1, Memory: 1 << 20, User: time.Second},
			After:  measure.Usage{Processes: 1, Memory: 1<<20 + 4096, User: 1200 * time.Millisecond, System: 300 * time.Millisecond, Descriptors: 12},
		},
		Kernel: Kernel{Before: measure.Kernel{Available: 1 << 20}, After: measure.Kernel{Available: 1<<20 - 8192}},
	}
}

func TestEveryRow(t *testing.T) {
	r := known()
	r.Failures[measure.Reset] = 3
	r.Interrupted = true
	want := []Row{
		{"rr", "127.0.0.1:9", ""},
		{"  conns", "4", ""},
		{"measured time", "2.000", "s"},
		{"sessions wanted", "4", ""},
		{"sessions established", "4", ""},
		{"sessions alive at the end", "4", ""},
		{"operations", "1000", ""},
		{"rate", "500", "1/s"},
		{"latency mean", "500.5", "us"},
		{"latency p50", "500.2", "us"}, // the upper end of the histogram's step
		{"latency p90", "900.1", "us"},
		{"latency p99", "990.2", "us"},
		{"latency p99.9", "999.4", "us"},
		{"latency max", "1000.4", "us"},
		{"bytes down, verified", "1.000", "GiB"},
		{"bytes up, verified", "1.000", "GiB"},
		{"throughput", "1.074", "GB/s"},
		{"server processes", "1", ""},
		{"server memory (PSS) before", "1024", "KiB"},
		{"server memory (PSS) after", "1028", "KiB"},
		{"server memory per session", "1024", "bytes"},
		{"all memory per session, whole machine", "2048", "bytes"},
		{"server descriptors", "12", ""},
		{"server CPU time", "0.500", "s"},
		{"server CPU per operation", "500.0", "us"},
		{"server CPU per GiB", "0.250", "s"},
		{"failures", "3", ""},
		{"  reset", "3", ""},
		{"interrupted", "yes", ""},
	}
	got := r.Rows()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
}

func TestRowsCanBeRecomputedFromJSON(t *testing.T) {
	want := known()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Rows(), want.Rows()) {
		t.Errorf("got  %v\nwant %v", got.Rows(), want.Rows())
	}
}

func TestRowsWithoutServerAndOperations(t *testing.T) {
	r := &Report{Mode: "hold", Sessions: Sessions{Wanted: 1, Established: 1, Alive: 1}}
	for _, row := range r.Rows() {
		if strings.Contains(row.Name, "server") || strings.Contains(row.Name, "latency") {
			t.Errorf("unexpected row %v", row)
		}
	}
	if r.CPU() != 0 || r.MemoryPerSession() != 0 || r.OperationRate() != 0 {
		t.Error("numbers out of nothing")
	}
}

func TestFailed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   bool
	}{
		"all well":             {func(*Report) {}, false},
		"a failure":            {func(r *Report) { r.Failures.Add(measure.Late) }, true},
		"a session missing":    {func(r *Report) { r.Sessions.Alive-- }, true},
		"stopped by the user":  {func(r *Report) { r.Sessions.Alive--; r.Interrupted = true }, false},
		"the server not read":  {func(r *Report) { r.Server.Error = "gone" }, true},
		"no server to be read": {func(r *Report) { r.Server = nil }, false},
	} {
		r := known()
		c.change(r)
		if got := r.Failed(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWriteTextAligns(t *testing.T) {
	var out bytes.Buffer
	if err := known().WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != len(known().Rows()) {
		t.Errorf("%d lines, want %d", lines, len(known().Rows()))
	}
	if want := "measured time                               2.000 s\n"; !strings.Contains(out.String(), want) {
		t.Errorf("no line %q in\n%s", want, out.String())
	}
}
