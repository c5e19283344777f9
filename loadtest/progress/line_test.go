package progress

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run feeds a hold of 60,000 sessions, then a verification that fails for some,
// five times a second.
func run(l *Line) {
	now := time.Unix(1000, 0)
	for i := range 61 {
		elapsed := time.Duration(i) * 200 * time.Millisecond
		open := uint64(i) * 1000
		l.Show(now.Add(elapsed), State{
			Phase: "opening", Done: float64(open), Total: 60000, Elapsed: elapsed,
			Progress: report.Progress{Open: open, Operations: open, Bytes: 64 * open},
		})
	}
	now = now.Add(13 * time.Second)
	for i := range 3 {
		elapsed := time.Duration(i) * 200 * time.Millisecond
		l.Show(now.Add(elapsed), State{
			Phase: "verifying", Done: float64(i) * 20000, Total: 60000, Elapsed: elapsed,
			Progress: report.Progress{Open: 60000, Operations: 60000 + uint64(i)*20000, Bytes: 64 * 60000, Failures: uint64(i) * 700},
		})
	}
	l.End()
}

func TestPlainLines(t *testing.T) {
	var out strings.Builder
	run(New(&out, false, nil))
	const want = `opening      0%  0 open
opening     41%  25,000 open  5,000 op/s  7 s left
opening     83%  50,000 open  5,000 op/s  2 s left
verifying    0%  60,000 open  3,333 op/s
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestTerminalLines(t *testing.T) {
	var out strings.Builder
	run(New(&out, true, func() int { return 100 }))
	lines := strings.Split(out.String(), eraseLine)
	if len(lines) != 1+61+3+1 || lines[0] != "" || lines[len(lines)-1] != "" {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, want := range map[int]string{
		1:  "opening    [............................]    0%  0 open",
		3:  "opening    [............................]    3%  2,000 open  12 s left",
		31: "opening    [##############..............]   50%  30,000 open  5,000 op/s  6 s left",
		61: "opening    [############################]  100%  60,000 open  5,000 op/s  0 s left",
		64: "verifying  [##################..........]   66%  60,000 open  0 op/s  1,400 failed  0 s left",
	} {
		if lines[i] != want {
			t.Errorf("line %d:\ngot  %q\nwant %q", i, lines[i], want)
		}
	}
}

var halfway = State{
	Phase: "running", Done: 30, Total: 60, Elapsed: 90 * time.Second,
	Progress: report.Progress{Open: 1234, Operations: 5, Failures: 9},
}

func TestWidthIsRespected(t *testing.T) {
	for width, want := range map[int]string{
		120: "running    [##############..............]   50%  1,234 open  8 op/s  9 failed  1 min 30 s left",
		70:  "running    [##..]   50%  1,234 open  8 op/s  9 failed  1 min 30 s left",
		62:  "running     50%  1,234 open  8 op/s  9 failed  1 min 30 s left",
		61:  "running    [###....]   50%  8 op/s  9 failed  1 min 30 s left",
		42:  "running     50%  9 failed  1 min 30 s left",
		41:  "running    [######......]   50%  9 failed",
		15:  "running     50%",
		14:  "running  ",
		4:   "runn",
		0:   "",
	} {
		if got := compose(halfway, rates{known: true, operations: 8}, width); got != want {
			t.Errorf("%d columns:\ngot  %q\nwant %q", width, got, want)
		}
	}
	for width := range 150 {
		if got := compose(halfway, rates{known: true, operations: 8}, width); len(got) > width {
			t.Errorf("%d columns: %d used", width, len(got))
		}
	}
}

func TestTerminalLeavesTheLastColumn(t *testing.T) {
	for width, want := range map[int]int{0: usualWidth - 1, 66: 65} {
		var out strings.Builder
		New(&out, true, func() int { return width }).Show(time.Unix(0, 0), halfway)
		if got := len(out.String()) - len(eraseLine); got > want || got < want-widestBar {
			t.Errorf("%d columns: %d used", width, got)
		}
	}
}

func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		state State
		rates rates
		want  string
	}{
		"no total":       {State{Phase: "closing", Elapsed: time.Second}, rates{}, "closing    0 open"},
		"not begun":      {State{Phase: "a", Total: 9, Elapsed: time.Second}, rates{}, "a            0%  0 open"},
		"more than all":  {State{Phase: "a", Done: 12, Total: 9, Elapsed: time.Second}, rates{}, "a          100%  0 open  0 s left"},
		"almost all":     {State{Phase: "a", Done: 999.9, Total: 1000}, rates{}, "a           99%  0 open"},
		"no number":      {State{Phase: "a", Done: math.NaN(), Total: 1}, rates{}, "a            0%  0 open"},
		"less than none": {State{Phase: "a", Done: -1, Total: 1, Elapsed: time.Second}, rates{}, "a            0%  0 open"},
		"kilobytes":      {State{Phase: "a", Progress: report.Progress{Bytes: 1}}, rates{known: true, bytes: 1500}, "a          0 open  2 kB/s"},
		"megabytes":      {State{Phase: "a", Progress: report.Progress{Bytes: 1}}, rates{known: true, bytes: 1.5e6}, "a          0 open  1.50 MB/s"},
		"gigabytes":      {State{Phase: "a", Progress: report.Progress{Bytes: 1}}, rates{known: true, bytes: 1.5e9}, "a          0 open  1.50 GB/s"},
		"hours":          {State{Phase: "a", Done: 1, Total: 11, Elapsed: 15 * time.Minute}, rates{}, "a            9%  0 open  2 h 30 min left"},
		"for ever":       {State{Phase: "a", Done: 1e-300, Total: 1e300, Elapsed: time.Minute}, rates{}, "a            0%  0 open"},
		"very long":      {State{Phase: "a", Done: 1, Total: 1e300, Elapsed: time.Minute}, rates{}, "a            0%  0 open  99 h 00 min left"},
	} {
		if got := plain(c.state, c.rates); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

func TestRates(t *testing.T) {
	start := time.Unix(0, 0)
	var r rates
	look := func(at time.Duration, operations uint64) float64 {
		r.look(start.Add(at), report.Progress{Operations: operations, Bytes: 3 * operations})
		if r.bytes != 3*r.operations {
			t.Errorf("at %v: %v bytes, %v operations", at, r.bytes, r.operations)
		}
		return r.operations
	}
	for _, c := range []struct {
		at         time.Duration
		operations uint64
		want       float64
	}{
		{0, 100, 0},
		{rateOver - 1, 500, 0}, // too short to tell
		{2 * time.Second, 300, 100},
		{2500 * time.Millisecond, 900, 100},
		{4 * time.Second, 900, 300},
		{6 * time.Second, 900, 0}, // it stands still
		{7 * time.Second, 10, 0},  // another run
		{9 * time.Second, 20, 5},
	} {
		if got := look(c.at, c.operations); got != c.want {
			t.Errorf("at %v: %v, want %v", c.at, got, c.want)
		}
	}
}

func TestEndWithoutALine(t *testing.T) {
	var out strings.Builder
	l := New(&out, true, func() int { return 80 })
	l.End()
	l.Show(time.Unix(0, 0), halfway)
	l.End()
	l.End()
	if !strings.HasSuffix(out.String(), "left"+eraseLine) || strings.Count(out.String(), eraseLine) != 2 {
		t.Errorf("%q", out.String())
	}
}

// full is a writer that refuses everything.
type full struct{ writes int }

func (f *full) Write([]byte) (int, error) {
	f.writes++
	return 0, errors.New("full")
}

func TestNothingIsWrittenAfterAnError(t *testing.T) {
	var out full
	run(New(&out, true, func() int { return 80 }))
	if out.writes != 1 {
		t.Errorf("%d writes", out.writes)
	}
}
