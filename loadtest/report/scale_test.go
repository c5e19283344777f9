package report

import (
	"math"
	"slices"
	"testing"
)

func TestNiceAboveAndBelow(t *testing.T) {
	for _, c := range []struct{ x, above, below float64 }{
		{1, 1, 1}, {1.01, 2, 1}, {2, 2, 2}, {3, 5, 2}, {5.1, 10, 5}, {99, 100, 50}, {0.03, 0.05, 0.02}, {4e9, 5e9, 2e9},
	} {
		above, below := niceAbove(c.x), niceBelow(c.x)
		if math.Abs(above/c.above-1) > roundingError || math.Abs(below/c.below-1) > roundingError {
			t.Errorf("%v: above %v, below %v; want %v, %v", c.x, above, below, c.above, c.below)
		}
	}
	for _, x := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := niceAbove(x); got != 1 {
			t.Errorf("%v: %v", x, got)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		steps    int
		want     []float64
	}{
		{0, 10, 5, []float64{0, 2, 4, 6, 8, 10}},
		{0, 11, 5, []float64{0, 5, 10, 15}},
		{0, 60000, 7, []float64{0, 10000, 20000, 30000, 40000, 50000, 60000}},
		{0, 0.25, 5, []float64{0, 0.05, 0.1, 0.15, 0.2, 0.25}},
		{-3, 8, 5, []float64{-5, 0, 5, 10}},
		{0, 0, 5, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}}, // nothing but zeros
	} {
		got := ticks(c.from, c.to, c.steps)
		if !slices.EqualFunc(got, c.want, near) {
			t.Errorf("%v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestTicksCoverAndAreFew(t *testing.T) {
	for exponent := -9; exponent <= 15; exponent++ {
		for digit := 1.0; digit < 10; digit += 0.37 {
			to := digit * math.Pow(10, float64(exponent))
			got := ticks(0, to, 5)
			if got[0] != 0 || got[len(got)-1] < to*(1-1e-6) || len(got) < 2 || len(got) > 6 {
				t.Errorf("0 to %v: %v", to, got)
			}
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		want     []float64
	}{
		{1, 10, []float64{1, 2, 5, 10}},
		{0.2, 50, []float64{0.2, 0.5, 1, 2, 5, 10, 20, 50}},
		{0.001, 100, []float64{0.001, 0.01, 0.1, 1, 10, 100}}, // too many decades for 2 and 5
	} {
		if got := logTicks(c.from, c.to); !slices.EqualFunc(got, c.want, near) {
			t.Errorf("%v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestScale(t *testing.T) {
	linear := scale{from: 0, to: 10, start: 100, end: 200}
	down := scale{from: 0, to: 10, start: 200, end: 0}
	log := scale{from: 1, to: 1000, start: 0, end: 300, log: true}
	for _, c := range []struct {
		s       scale
		v, want float64
	}{
		{linear, 0, 100}, {linear, 2.5, 125}, {linear, 10, 200},
		{linear, -1, 100}, {linear, 11, 200}, // on the edge
		{down, 2.5, 150},
		{log, 1, 0}, {log, 10, 100}, {log, 1000, 300}, {log, 0, 0}, {log, -5, 0}, {log, 1e9, 300},
		{scale{from: 5, to: 5, start: 0, end: 10}, 5, 5}, // without extent
		{scale{from: 1, to: 1, start: 0, end: 10, log: true}, 1, 5},
	} {
		if got := c.s.at(c.v); !near(got, c.want) {
			t.Errorf("%+v: %v lies at %v, want %v", c.s, c.v, got, c.want)
		}
	}
}
