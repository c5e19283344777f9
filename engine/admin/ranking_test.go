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
type crowded struct {
	takes time.Duration
	looks int
}

func (*crowded) Stats() engine.Stats { return engine.Stats{} }

func (c *crowded) Traffic() ([]upstream.EndpointStats, []upstream.ResourceStats) {
	time.Sleep(c.takes)
	c.looks++
	return nil, []upstream.ResourceStats{{Protocol: "p", Name: "a", ToClient: uint64(c.looks)}}
}

// However often somebody asks, sessions aren't looked at all the time.
func TestLooksAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := crowded{takes: time.Second / 2}
		c := newCollector(&source, "v1", 1)
		for range 1000 {
			c.Collect(make(chan prometheus.Metric, 1000))
			if got := c.resources.rows[1].toClient; got != float64(source.looks) {
				t.Fatalf("%v, want %d", got, source.looks)
			}
			time.Sleep(time.Second / 10)
		}
		if source.looks != 4 { // one in 25 seconds, of 100
			t.Errorf("%d looks", source.looks)
		}
	})
}

// A loop that hangs doesn't hold up a scrape, which tells of it.
func TestScrapesDontHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := crowded{takes: time.Minute}
		c := newCollector(&source, "v1", 1)
		begun := time.Now()
		for range 5 {
			c.Collect(make(chan prometheus.Metric, 1000))
		}
		if took := time.Since(begun); took != 5*patience || len(c.resources.rows) != 0 {
			t.Errorf("5 scrapes took %v: %v", took, c.resources.rows)
		}
		time.Sleep(source.takes)
		c.Collect(make(chan prometheus.Metric, 1000))
		if source.looks != 1 || len(c.resources.rows) != 2 {
			t.Errorf("%d looks: %v", source.looks, c.resources.rows)
		}
	})
}

// Names that look the same have one counter, which doesn't fall when one of them isn't among the top any more.
func TestNamesThatLookTheSame(t *testing.T) {
	var r ranking
	for i, steady := range []float64{0, 2000} {
		rows := []row{
			{labels: []string{"a\xff"}, sessions: 1, toClient: 5000}, {labels: []string{"a\xfe"}, sessions: 1, toClient: 1000},
			{labels: []string{"b"}, sessions: 1, toClient: steady},
		}
		r.update(rows, 2, []string{other})
		if got := r.rows[1]; got.labels[0] != "a\ufffd" || got.toClient != 6000 {
			t.Errorf("update %d: %+v", i, got)
		}
	}
}
