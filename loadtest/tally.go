//go:build linux

package loadtest

import (
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// tally counts the exchanges of one worker. In a closed loop what is completed
// within the window counts. In an open loop the latency of every exchange that
// was to begin within it counts, however late it was done: else a server that
// stalls would be measured by those alone that it didn't hold up.
type tally struct {
	span       window
	openLoop   bool
	operations uint64
	bytes      report.Bytes
	latency    *measure.Latencies
	lag        *measure.Latencies // nil in a closed loop
}

func newTally(openLoop bool) *tally {
	t := &tally{openLoop: openLoop, latency: measure.NewLatencies()}
	if openLoop {
		t.lag = measure.NewLatencies()
	}
	return t
}

// begun notes that an exchange of an open loop begins.
func (t *tally) begun(intended, now time.Time) {
	if t.span.holds(intended) {
		t.lag.Add(now.Sub(intended))
	}
}

// done notes that an exchange is complete.
func (t *tally) done(begun, now time.Time, moved report.Bytes) {
	within := t.span.holds(now)
	if within {
		t.operations++
		t.bytes.Down += moved.Down
		t.bytes.Up += moved.Up
	}
	if within && !t.openLoop || t.openLoop && t.span.holds(begun) {
		t.latency.Add(now.Sub(begun))
	}
}

func (t *tally) addTo(c *report.Counts) {
	c.Merge(&report.Counts{Operations: t.operations, Bytes: t.bytes, Latency: t.latency, Lag: t.lag})
}
