package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// leaver is a driver that notes when it is to have sessions leave.
type leaver struct {
	driver
	begun time.Time
	at    []time.Duration
}

func (l *leaver) leave(func(*resolve.Route) bool, Reason) { l.at = append(l.at, time.Since(l.begun)) }

// movesOf are the moves of an engine with one session of the resource "x", whose
// answer is what the pointer holds.
func movesOf(t *testing.T, answer *resolve.Result) (m *moves, l *leaver, asked *atomic.Int64) {
	t.Helper()
	l, asked = &leaver{begun: time.Now()}, new(atomic.Int64)
	e := &Engine{driver: l, resources: upstream.NewResources()}
	e.live.Store(&Config{Listeners: []Listener{{Front: tcp.Front("x")}}, Timeouts: Timeouts{Resolve: time.Second}})
	e.cache = resolve.NewCache(resolverFunc(func(context.Context, resolve.Request) (resolve.Result, error) {
		asked.Add(1)
		return *answer, nil
	}), resolve.CacheOptions{Guard: resolve.Guard{SkipAll: true}})
	e.resources.Enter(e.cfg().Listeners[0].Front.Protocol.String(), "x", upstream.Allowance{}, time.Time{})
	m = newMoves(e)
	e.cache.Notify(m.changed)
	t.Cleanup(func() {
		m.close()
		m.wait()
	})
	return m, l, asked
}

// What happens to an answer decides when sessions are looked at.
func TestMoves(t *testing.T) {
	const s = time.Second
	to := func(endpoint string, drain time.Duration) resolve.Result {
		return resolve.Result{Endpoint: endpoint, Drain: drain}
	}
	for name, tt := range map[string]struct {
		answers []resolve.Result // one every 10 s
		want    []time.Duration
	}{
		"no drain":               {[]resolve.Result{to("127.0.0.1:1", 0)}, nil},
		"a drain":                {[]resolve.Result{to("127.0.0.1:1", 30*s)}, []time.Duration{30 * s, 31 * s}},
		"at once":                {[]resolve.Result{to("127.0.0.1:1", -s)}, []time.Duration{0, s}},
		"the same again":         {[]resolve.Result{to("127.0.0.1:1", 30*s), to("127.0.0.1:1", 30*s)}, []time.Duration{30 * s, 31 * s}},
		"another place":          {[]resolve.Result{to("127.0.0.1:1", 30*s), to("127.0.0.1:2", 30*s)}, []time.Duration{40 * s, 41 * s}},
		"more time":              {[]resolve.Result{to("127.0.0.1:1", 30*s), to("127.0.0.1:1", 60*s)}, []time.Duration{70 * s, 71 * s}},
		"no end any more":        {[]resolve.Result{to("127.0.0.1:1", 30*s), to("127.0.0.1:1", 0)}, nil},
		"over, and again":        {[]resolve.Result{to("127.0.0.1:1", s), to("127.0.0.1:1", s)}, []time.Duration{s, 2 * s, 11 * s, 12 * s}},
		"an answer for one only": {[]resolve.Result{{Endpoint: "127.0.0.1:1", Drain: s, TTL: -1}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var answer resolve.Result
				m, l, _ := movesOf(t, &answer)
				for _, answer = range tt.answers {
					m.e.cache.Purge("x")
					time.Sleep(10 * s)
					synctest.Wait()
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if !slices.Equal(l.at, tt.want) {
					t.Errorf("sessions are looked at after %v, want %v", l.at, tt.want)
				}
				if len(m.pending)+len(m.told)+len(m.ripe) > 0 {
					t.Errorf("left are %d pending, %d told, %d ripe", len(m.pending), len(m.told), len(m.ripe))
				}
			})
		})
	}
}

// Nobody is asked about resources without sessions; those with some are told of
// together, and once the engine closes nothing follows.
func TestMovesAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := resolve.Result{Endpoint: "127.0.0.1:1", Drain: time.Minute}
		m, l, asked := movesOf(t, &answer)
		m.e.cache.Purge("y")
		synctest.Wait()
		if n := asked.Load(); n != 0 {
			t.Errorf("asked %d times about a resource without sessions", n)
		}
		m.e.cache.Purge("")
		synctest.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		m.close()
		m.e.cache.Purge("x")
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := asked.Load(); n != 1 || len(l.at) > 0 {
			t.Errorf("once closed: asked %d times, looked at sessions %v", n, l.at)
		}
	})
}

// Moves of resources that are in use no more don't pile up.
func TestMovesForgetIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := resolve.Result{}
		m, _, _ := movesOf(t, &answer)
		route := &resolve.Route{Result: resolve.Result{Endpoint: "a:1", Drain: time.Hour}}
		used := place{"tcp", "x"}
		m.inForce(used, route)
		for i := range 3 * maxMoves {
			m.inForce(place{"p", string(rune(i))}, route)
		}
		if n := len(m.pending); n > maxMoves || m.pending[used] == nil {
			t.Errorf("%d moves are pending; that of the resource in use: %v", n, m.pending[used])
		}
	})
}
