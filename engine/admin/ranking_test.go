package admin

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// A resource's counter doesn't fall when a session ends while others are looked at, and
// begins anew when the resource was forgotten.
func TestRankedCountersNeverFall(t *testing.T) {
	var r ranking
	for i, step := range []struct{ sessions, bytes, want float64 }{
		{1, 10, 10}, {2, 30, 30}, {1, 25, 30}, {1, 35, 35}, {0, 40, 40}, {0, 0, 0}, {1, 5, 5},
	} {
		r.update([]row{{labels: []string{"a"}, sessions: step.sessions, toClient: step.bytes}}, 1, []string{other})
		if got := r.rows[1].toClient; got != step.want {
			t.Errorf("update %d: %v, want %v", i, got, step.want)
		}
	}
}

// crowded takes a while to look at its sessions.
type crowded struct{ looks int }

func (*crowded) Stats() engine.Stats { return engine.Stats{} }

func (c *crowded) LiveStats() engine.Stats {
	c.looks++
	time.Sleep(time.Second)
	return engine.Stats{Resources: []upstream.ResourceStats{{Protocol: "p", Name: "a", ToClient: uint64(c.looks)}}}
}

// However often somebody asks, sessions aren't looked at all the time.
func TestLooksAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var source crowded
		c := newCollector(&source, "v1", 1)
		for range 1000 {
			all := make(chan prometheus.Metric, 1000)
			c.Collect(all)
			if got := c.resources.rows[1].toClient; got != float64(source.looks) {
				t.Fatalf("%v, want %d", got, source.looks)
			}
			time.Sleep(time.Second / 10)
		}
		if source.looks != 3 { // of a second each, in 102 seconds
			t.Errorf("%d looks", source.looks)
		}
	})
}
