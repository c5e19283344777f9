package engine

import (
	"slices"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	e := &Engine{phases: phases{shards: make([]phaseShard, 2)}}
	e.phases.shards[0].left(Connecting, 1, 1+100*time.Microsecond) // a bound belongs to its bucket
	e.phases.shards[1].left(Connecting, 1, 2+100*time.Microsecond)
	e.phases.shards[1].left(Connecting, 1, 1+time.Hour)
	e.phases.shards[1].left(Connecting, 0, time.Hour) // was never entered
	e.phases.shards[1].left(Relaying, 1, time.Hour)   // has no time of its own
	h := e.phases.snapshot()[Connecting]
	want := make([]uint64, len(HistogramBounds())+1)
	want[0], want[1], want[len(want)-1] = 1, 1, 1
	if !slices.Equal(h.Counts, want) || h.Count() != 3 || h.Sum != time.Hour+200*time.Microsecond+1 {
		t.Errorf("%+v", h)
	}
}

func TestHistogramAllocatesNothing(t *testing.T) {
	shard := new(phaseShard)
	if n := testing.AllocsPerRun(100, func() { shard.left(Opening, 1, time.Second) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
