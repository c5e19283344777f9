package report

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

func TestCountsMergeWithoutLoss(t *testing.T) {
	part := func() *Counts {
		c := &Counts{
			Sessions:   Sessions{Wanted: 5, Established: 4, Alive: 3},
			Operations: 10, Bytes: Bytes{Down: 20, Up: 30},
			Latency: upTo(100), Lag: upTo(10), Answers: measure.Answers{"no": 1},
		}
		c.Failures.Add(measure.Rejected)
		return c
	}
	var sum Counts
	first, second := part(), part()
	sum.Merge(first)
	sum.Merge(second)
	sum.Merge(&Counts{})
	if want := (Sessions{10, 8, 6}); sum.Sessions != want || sum.Operations != 20 || sum.Bytes != (Bytes{40, 60}) {
		t.Errorf("%+v", sum)
	}
	if sum.Latency.Count() != 200 || sum.Lag.Count() != 20 || sum.Latency.Max() != first.Latency.Max() {
		t.Errorf("latencies: %d, %d", sum.Latency.Count(), sum.Lag.Count())
	}
	if sum.Failures.Total() != 2 || sum.Answers["no"] != 2 {
		t.Errorf("failures %v, answers %v", sum.Failures, sum.Answers)
	}
	if first.Latency.Count() != 100 || first.Answers["no"] != 1 {
		t.Error("what was merged has changed")
	}
}

func TestCountsMergeKeepsWhatDoesNotApplyOut(t *testing.T) {
	var sum Counts
	sum.Merge(&Counts{})
	if sum.Latency != nil || sum.Lag != nil || sum.Answers != nil {
		t.Errorf("%+v", sum)
	}
}

func TestProgressAdds(t *testing.T) {
	p := Progress{1, 2, 3, 4}
	p.Add(Progress{10, 20, 30, 40})
	if want := (Progress{11, 22, 33, 44}); p != want {
		t.Errorf("%+v", p)
	}
}
