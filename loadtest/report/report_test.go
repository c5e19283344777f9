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

// known is a report whose every row can be worked out by hand: an open loop
// with a server.
func known() *Report {
	return &Report{
		Mode: "rr", Target: "127.0.0.1:9,127.0.0.1:10", Started: time.Unix(0, 0).UTC(),
		Settings: []Setting{{"conns", "4"}},
		Elapsed:  2 * time.Second,
		// 1,000 operations and 1 GiB each way in 2 s.
		Counts: Counts{
			Sessions:   Sessions{Wanted: 4, Established: 4, Alive: 4},
			Operations: 1000,
			Bytes:      Bytes{Down: 1 << 30, Up: 1 << 30},
			Latency:    upTo(1000),
			Lag:        upTo(100),
		},
		Server: &Server{
			PIDs:   []int{7},
			Before: measure.Usage{Processes: 1, Memory: 1 << 20, User: time.Second, Descriptors: 4},
			After:  measure.Usage{Processes: 1, Memory: 1<<20 + 4096, User: 1200 * time.Millisecond, System: 300 * time.Millisecond, Descriptors: 12},
		},
		Kernel: Kernel{
			Before: measure.Kernel{Slab: 1000, Sockets: 5000, Available: 1 << 20},
			After:  measure.Kernel{Slab: 9000, Sockets: 1000, Available: 1<<20 - 8192},
		},
	}
}

// upTo has one sample of each whole number of microseconds.
func upTo(us int) *measure.Latencies {
	l := measure.NewLatencies()
	for i := 1; i <= us; i++ {
		l.Add(time.Duration(i) * time.Microsecond)
	}
	return l
}

// held is known as a mode that holds sessions: no operations, no bytes.
func held() *Report {
	r := known()
	r.Mode, r.Target, r.Opening = "hold", "127.0.0.1:9", 2*time.Millisecond
	r.Counts = Counts{Sessions: Sessions{Wanted: 4, Established: 4, Alive: 4}}
	return r
}

func TestEveryRow(t *testing.T) {
	r := known()
	r.Failures[measure.Reset] = 3
	r.Failures[measure.Rejected] = 12345
	r.Failures[measure.Other] = 1
	r.Answers = measure.Answers{"HTTP 503": 12000, "HTTP 404": 172, "HTTP 502": 173}
	r.Interrupted = true
	checkRows(t, r, []Row{
		{"rr", "127.0.0.1:9,127.0.0.1:10", ""},
		{"  conns", "4", ""},
		{"measured time", "2.000", "s"},
		{"sessions wanted", "4", ""},
		{"sessions established", "4", ""},
		{"sessions alive at the end", "4", ""},
		{"operations", "1,000", ""},
		{"rate", "500", "1/s"},
		{"latency mean", "500.5", "us"},
		{"latency p50", "500.2", "us"}, // the upper end of the histogram's step
		{"latency p90", "900.1", "us"},
		{"latency p99", "990.2", "us"},
		{"latency p99.9", "999.4", "us"},
		{"latency max", "1,000.4", "us"},
		{"begun late p50", "50.0", "us"},
		{"begun late p99", "99.0", "us"},
		{"begun late max", "100.0", "us"},
		{"bytes down, verified", "1.000", "GiB"},
		{"bytes up, verified", "1.000", "GiB"},
		{"throughput", "1.074", "GB/s"},
		{"server processes", "1", ""},
		{"server memory (PSS) before", "1,024", "KiB"},
		{"server memory (PSS) after", "1,028", "KiB"},
		{"server descriptors", "12", ""},
		{"server CPU time", "0.500", "s"},
		{"server CPU utilisation", "0.25", "cores"},
		{"server CPU per operation", "500.0", "us"},
		{"server CPU per GiB", "0.250", "s"},
		{"failures", "12,349", ""},
		{"  reset", "3", ""},
		{"  rejected", "12,345", ""},
		{"    HTTP 503", "12,000", ""},
		{"    HTTP 502", "173", ""},
		{"    HTTP 404", "172", ""},
		{"  other", "1", ""},
		{"interrupted", "yes", ""},
	})
}

func TestRowsOfTLS(t *testing.T) {
	r := &Report{Mode: "rr", Target: "127.0.0.1:9"}
	r.TLS = measure.Answers{"TLS 1.3, A, X25519": 5, "TLS 1.3, A, X25519, resumed": 1000}
	r.Failures[measure.Untrusted] = 2
	r.Failures[measure.Alert] = 1
	r.Answers = measure.Answers{"certificate: for another name": 2, "alert: tls: certificate required": 1}
	checkRows(t, r, []Row{
		{"rr", "127.0.0.1:9", ""},
		{"measured time", "0.000", "s"},
		{"sessions wanted", "0", ""},
		{"sessions established", "0", ""},
		{"sessions alive at the end", "0", ""},
		{"TLS handshakes", "1,005", ""},
		{"  TLS 1.3, A, X25519, resumed", "1,000", ""},
		{"  TLS 1.3, A, X25519", "5", ""},
		{"failures", "3", ""},
		{"  untrusted certificate", "2", ""},
		{"  TLS alert", "1", ""},
		{"    certificate: for another name", "2", ""},
		{"    alert: tls: certificate required", "1", ""},
	})
}

func TestEveryRowOfHeldSessions(t *testing.T) {
	r := held()
	r.Server.Error = "process 7: gone"
	checkRows(t, r, []Row{
		{"hold", "127.0.0.1:9", ""},
		{"  conns", "4", ""},
		{"measured time", "2.000", "s"},
		{"sessions wanted", "4", ""},
		{"sessions established", "4", ""},
		{"sessions alive at the end", "4", ""},
		{"opening time", "0.002", "s"},
		{"sessions opened per second", "2,000", "1/s"},
		{"server processes", "1", ""},
		{"server memory (PSS) before", "1,024", "KiB"},
		{"server memory (PSS) after", "1,028", "KiB"},
		{"server memory per session", "1,024", "bytes"},
		{"server descriptors", "12", ""},
		{"server descriptors per session", "2.00", ""},
		{"server CPU time", "0.500", "s"},
		{"server CPU utilisation", "0.25", "cores"},
		{"server not read to the end", "process 7: gone", ""},
		{"machine: slab per session", "2,000", "bytes"},
		{"machine: socket buffers per session", "-1,000", "bytes"}, // less than before
		{"machine: all memory per session", "2,048", "bytes"},
		{"failures", "0", ""},
	})
}

// checkRows compares the rows of r, and of r read back from its JSON.
func checkRows(t *testing.T, r *Report, want []Row) {
	t.Helper()
	for source, got := range map[string][]Row{"report": r.Rows(), "JSON": throughJSON(t, r).Rows()} {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s, from row %d: got %q, want %q", source, i, got[min(i, len(got)):], want[min(i, len(want)):])
				break
			}
		}
	}
}

func throughJSON(t *testing.T, r *Report) *Report {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got := new(Report)
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSeriesRoundTrip(t *testing.T) {
	want := held()
	want.Series = []Sample{
		{At: time.Second, Progress: Progress{Open: 1, Operations: 2, Bytes: 3, Failures: 4}, Kernel: measure.Kernel{Slab: 5}},
		{At: 2 * time.Second, Usage: &measure.Usage{Memory: 6}},
	}
	if got := throughJSON(t, want).Series; !reflect.DeepEqual(got, want.Series) {
		t.Errorf("got  %+v\nwant %+v", got, want.Series)
	}
}

func TestRowsWithoutServerAndOperations(t *testing.T) {
	r := &Report{Mode: "hold", Counts: Counts{Sessions: Sessions{Wanted: 1, Established: 1, Alive: 1}}}
	for _, row := range r.Rows() {
		if strings.Contains(row.Name, "server") || strings.Contains(row.Name, "latency") {
			t.Errorf("unexpected row %v", row)
		}
	}
	for name, number := range map[string]float64{
		"CPU": float64(r.CPU()), "cores": r.Cores(), "memory": r.MemoryPerSession(), "descriptors": r.DescriptorsPerSession(),
		"rate": r.OperationRate(), "opening": r.OpeningRate(), "bytes": r.ByteRate(), "per GiB": r.CPUSecondsPerGiB(),
		"slab": r.SlabPerSession(), "buffers": r.SocketBuffersPerSession(), "machine": r.MachinePerSession(),
	} {
		if number != 0 {
			t.Errorf("%s: %v out of nothing", name, number)
		}
	}
}

func TestFailed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   bool
	}{
		"all well":             {func(*Report) {}, false},
		"a failure":            {func(r *Report) { r.Failures.Add(measure.Late) }, true},
		"an answer":            {func(r *Report) { r.Answers.Add("HTTP 503") }, true},
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
	r := held()
	r.Target = strings.Repeat("x", 2*widestValue)
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != len(r.Rows()) {
		t.Errorf("%d lines, want %d", lines, len(r.Rows()))
	}
	for _, want := range []string{
		"hold                                 " + r.Target + "\n",
		"measured time                                       2.000 s\n",
		"sessions opened per second                          2,000 1/s\n",
		"machine: socket buffers per session                -1,000 bytes\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no line %q in\n%s", want, out.String())
		}
	}
}

func TestTextHoldsNoControlCharacters(t *testing.T) {
	const hostile = "\x1b[2J\r\x07\u202e\xff"
	r := known()
	r.Target, r.Server.Error = hostile, hostile
	r.Settings = []Setting{{hostile, hostile}}
	r.Answers = measure.Answers{hostile: 1}
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\a\u202e") {
		t.Errorf("%q", out.String())
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 672348: "672,348", 1234567: "1,234,567",
		1<<64 - 1: "18,446,744,073,709,551,615",
	} {
		if got := Count(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{0, 0, "0"}, {-999, 0, "-999"}, {-1000, 0, "-1,000"}, {1234567.891, 2, "1,234,567.89"}, {999.999, 1, "1,000.0"}, {0.1234567, 6, "0.123457"},
	} {
		if got := number(c.v, c.decimals); got != c.want {
			t.Errorf("%v: %s, want %s", c.v, got, c.want)
		}
	}
}
