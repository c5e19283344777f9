package engine

import (
	"sync/atomic"
	"time"
)

// histogramBounds are the upper bounds of a Histogram's buckets, each three
// times the one before but for rounding: from what a cached answer takes to
// what a cold start may.
var histogramBounds = [...]time.Duration{
	100 * time.Microsecond, 300 * time.Microsecond,
	time.Millisecond, 3 * time.Millisecond,
	10 * time.Millisecond, 30 * time.Millisecond,
	100 * time.Millisecond, 300 * time.Millisecond,
	time.Second, 3 * time.Second,
	10 * time.Second, 30 * time.Second, 100 * time.Second,
}

// HistogramBounds returns the upper bounds of a Histogram's buckets, inclusive
// and ascending. A last bucket has none.
func HistogramBounds() []time.Duration { return append([]time.Duration(nil), histogramBounds[:]...) }

// Histogram is a snapshot of how long something took.
type Histogram struct {
	// Counts are those of the buckets, not cumulative; the last one has what was
	// longer than any bound.
	Counts []uint64
	// Sum is that of all that was observed.
	Sum time.Duration
}

func newHistogram() Histogram { return Histogram{Counts: make([]uint64, len(histogramBounds)+1)} }

// Count is how often something was observed.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// histogram counts without a lock. The zero value is empty.
type histogram struct {
	counts [len(histogramBounds) + 1]atomic.Uint64
	sum    atomic.Int64
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for i < len(histogramBounds) && d > histogramBounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// addTo adds the counts to a snapshot.
func (h *histogram) addTo(sum *Histogram) {
	for i := range h.counts {
		sum.Counts[i] += h.counts[i].Load()
	}
	sum.Sum += time.Duration(h.sum.Load())
}

// timedStates are the states whose time is measured.
var timedStates = [...]State{Detecting, Introducing, Securing, SecuringBackend, Resolving, Waking, Connecting, Opening}

// phaseShard has the times of one event loop's sessions, so that loops don't
// share a cache line; the first shard is that of all goroutines.
type phaseShard struct {
	states [states]histogram
	_      [64]byte
}

// left notes that a session which has entered a state has left it for another.
// Both times are since the same start; entered is 0 for none.
func (p *phaseShard) left(state State, entered, now time.Duration) {
	if entered > 0 && state < Standing {
		p.states[state].observe(now - entered)
	}
}

// leftWeb is left for a client's HTTP connection, of which requests that come and
// go aren't measured: clients wait with them as they like.
func (p *phaseShard) leftWeb(state webState, entered, now time.Duration) {
	if general := state.state(); general != Detecting {
		p.left(general, entered, now)
	}
}

// phases are the shards of all. Their number is fixed by New.
type phases struct{ shards []phaseShard }

func (p *phases) snapshot() map[State]Histogram {
	all := make(map[State]Histogram, len(timedStates))
	for _, state := range timedStates {
		h := newHistogram()
		for i := range p.shards {
			p.shards[i].states[state].addTo(&h)
		}
		all[state] = h
	}
	return all
}
