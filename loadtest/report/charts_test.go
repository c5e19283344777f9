package report

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// series is what a look every second for n seconds found: 1,000 sessions more,
// 500 operations, 1 MB and half a second of CPU time.
func series(n int) []Sample {
	var all []Sample
	for i := range uint64(n) {
		all = append(all, Sample{
			At:       time.Duration(i) * time.Second,
			Progress: Progress{Open: 1000 * i, Operations: 500 * i, Bytes: 1e6 * i},
			Usage:    &measure.Usage{Memory: 1<<20 + 437e3*i, User: time.Duration(i) * time.Second / 2},
			Kernel:   measure.Kernel{Available: 1<<30 - 14e6*i},
		})
	}
	return all
}

func titles(r *Report) []string {
	var all []string
	for _, p := range r.plots() {
		all = append(all, p.title)
	}
	return all
}

func TestPlotsOfEachMode(t *testing.T) {
	withSeries := func(r *Report) *Report {
		r.Kernel.Before.Available = 1 << 30
		r.Series = series(10)
		return r
	}
	bulk := withSeries(known())
	bulk.Operations, bulk.Latency, bulk.Lag = 0, nil, nil
	broken := withSeries(known())
	broken.Series[9].Failures = 3
	unnamed := withSeries(held())
	for i := range unnamed.Series {
		unnamed.Series[i].Usage = nil
	}
	for name, c := range map[string]struct {
		report *Report
		want   []string
	}{
		"rr":        {withSeries(known()), []string{"Latency by percentile", "Operations per second", "Server CPU in use", "Server memory (PSS)"}},
		"failures":  {broken, []string{"Latency by percentile", "Operations per second", "Server CPU in use", "Server memory (PSS)", "Failures so far"}},
		"bulk":      {bulk, []string{"Throughput", "Server CPU in use", "Server memory (PSS)"}},
		"hold":      {withSeries(held()), []string{"Server memory (PSS)", "Memory taken on the whole machine", "Open sessions", "Server CPU in use"}},
		"no server": {unnamed, []string{"Memory taken on the whole machine", "Open sessions"}},
		"no series": {known(), []string{"Latency by percentile"}},
		"nothing":   {&Report{}, nil},
	} {
		if got := titles(c.report); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestQuantities(t *testing.T) {
	r := held()
	r.Kernel.Before.Available = 1 << 30
	r.Series = series(3)
	for name, c := range map[string]struct{ got, want []point }{
		"open":       {r.sampled(openSessions), []point{{0, 0}, {1, 1000}, {2, 2000}}},
		"operations": {slopes(r.sampled(operations)), []point{{1, 500}, {2, 500}}},
		"bytes":      {slopes(r.sampled(payload)), []point{{1, 1e6}, {2, 1e6}}},
		"cores":      {slopes(r.sampled(cpuSeconds)), []point{{1, 0.5}, {2, 0.5}}},
		"server":     {r.points(openSessions, serverMemory), []point{{0, 1 << 20}, {1000, 1<<20 + 437e3}, {2000, 1<<20 + 874e3}}},
		"machine":    {r.points(openSessions, r.machineMemory), []point{{0, 0}, {1000, 14e6}, {2000, 28e6}}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestSlopes(t *testing.T) {
	for name, c := range map[string]struct{ points, want []point }{
		"none":           {nil, nil},
		"one":            {[]point{{1, 1}}, nil},
		"uneven":         {[]point{{0, 0}, {2, 10}, {3, 10}}, []point{{2, 5}, {3, 0}}},
		"counter shrank": {[]point{{0, 9}, {1, 4}, {2, 5}}, []point{{2, 1}}},
		"no time":        {[]point{{1, 1}, {1, 2}}, nil},
	} {
		if got := slopes(c.points); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestQuantilesEndAtTheLongest(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 1000} {
		l := upTo(n)
		points := quantiles(l)
		last := points[len(points)-1]
		if last.x != float64(n) || last.y != l.Max().Seconds() {
			t.Errorf("%d samples: ends at %v", n, last)
		}
		if !slices.IsSortedFunc(points, func(a, b point) int { return int(math.Copysign(1, a.y-b.y+a.x-b.x)) }) || points[0].y <= 0 {
			t.Errorf("%d samples: %v", n, points)
		}
	}
}

func TestNamedQuantiles(t *testing.T) {
	var got []string
	for _, d := range namedQuantiles(upTo(10000)) {
		got = append(got, d.text)
	}
	if want := []string{"5 ms", "9 ms", "9.9 ms", "9.99 ms"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLatencyScaleFollowsTheSpread(t *testing.T) {
	if latencyRuler([]float64{1e-3, 5e-3}).log {
		t.Error("logarithmic for latencies close together")
	}
	r := latencyRuler([]float64{1e-3, 1})
	if !r.log || r.from > 1e-4*(1+roundingError) || r.to < 1 {
		t.Errorf("%+v", r)
	}
}
