//go:build linux

package headline

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

func TestFit(t *testing.T) {
	roomy := room{descriptors: 1 << 24, memory: 1 << 40}
	for name, c := range map[string]struct {
		room   room
		wanted int
		bytes  float64
		want   int
		notes  []string // a word of each
	}{
		"room for all":    {roomy, 672_348, 20_000, 672_348, nil},
		"memory":          {room{descriptors: 1 << 30, memory: 10 << 30}, 1_000_000, 20_480, 419_429, []string{"each takes 20480 bytes"}},
		"descriptors":     {room{descriptors: 20_512, memory: 1 << 40}, 25_000, 20_000, 25_000, []string{"3 processes"}},
		"files of all":    {room{descriptors: 1 << 20, files: 4000, memory: 1 << 40}, 2000, 20_000, 1000, []string{"fs.file-max"}},
		"files and limit": {room{descriptors: 812, files: 4000, memory: 1 << 40}, 2000, 20_000, 1000, []string{"fs.file-max", "7 processes"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, notes := c.room.fit(c.wanted, c.bytes)
			if got != c.want || len(notes) != len(c.notes) {
				t.Fatalf("%d, want %d; notes %q", got, c.want, notes)
			}
			for i, word := range c.notes {
				if !strings.Contains(notes[i], word) {
					t.Errorf("%q says nothing of %q", notes[i], word)
				}
			}
		})
	}
}

// known is a result whose every row can be worked out by hand.
func known() *Result {
	usage := func(cpu time.Duration, memory uint64) *measure.Usage {
		return &measure.Usage{Processes: 2, Memory: memory, User: cpu / 4, System: cpu - cpu/4}
	}
	hold := &report.Report{
		Mode: "hold", Elapsed: 25 * time.Second, Opening: 20 * time.Second,
		Counts: report.Counts{Sessions: report.Sessions{Wanted: 100_000, Established: 100_000, Alive: 100_000}},
		Server: &report.Server{Before: *usage(0, 10e6), After: *usage(30*time.Second, 60e6)},
		Kernel: report.Kernel{Before: measure.Kernel{Available: 20e9}, After: measure.Kernel{Available: 18e9}},
	}
	for i, cpu := range []time.Duration{0, 5 * time.Second, 29 * time.Second, 30 * time.Second} {
		hold.Series = append(hold.Series, report.Sample{At: time.Duration(i) * 10 * time.Second, Usage: usage(cpu, 0)})
	}
	rate := &report.Report{Mode: "rate", Elapsed: 10 * time.Second, Counts: report.Counts{Operations: 250_000}}
	return &Result{Sessions: 100_000, PerProcess: 50_000, Cores: 4, Notes: []string{"less than wanted"}, Hold: hold, Rate: rate}
}

func TestEveryRowFromJSON(t *testing.T) {
	text, err := json.Marshal(known())
	if err != nil {
		t.Fatal(err)
	}
	var again Result
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	var values [][2]string
	for _, row := range again.Rows() {
		values = append(values, [2]string{row.Original, row.Here})
	}
	want := [][2]string{
		{"672,348", "100,000"},
		{"23.00 GB", "2.00 GB"},
		{"", "0.05 GB"},
		{"33.00 kB", "20.00 kB"},
		{"", "0.50 kB"},
		{"18,067 /s", "25,000 /s"},
		{"", "5,000 /s"},
		{"60 %", "60 %"}, // 24 s of CPU in 10 s of 4 cores
	}
	if !reflect.DeepEqual(values, want) {
		t.Errorf("got  %v\nwant %v", values, want)
	}
}

func TestTextTellsOfFailures(t *testing.T) {
	for failed, want := range map[bool]bool{true: true, false: false} {
		r := known()
		if failed {
			r.Hold.Failures.Add(measure.Reset)
		}
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text.String(), "reset"); got != want || r.Failed() != failed {
			t.Errorf("failed %v: %s", failed, text.String())
		}
		if !strings.Contains(text.String(), "less than wanted") {
			t.Error("the note is missing")
		}
	}
}
