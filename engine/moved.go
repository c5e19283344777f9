package engine

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

const (
	// maxMoveLookups bounds the goroutines that look up what is told to have
	// changed. What waits for them is bounded by the resources that have sessions.
	maxMoveLookups = 16
	// maxMoves is past how many moves those of resources without sessions are
	// forgotten.
	maxMoves = 1 << 12
)

// place names a resource of a protocol.
type place struct{ protocol, resource string }

// homes are the routes in force of resources whose sessions elsewhere are to end.
type homes map[place]*resolve.Route

// left says that a session with this route, nil for none, is where its resource
// doesn't want it any more.
func (h homes) left(route *resolve.Route) bool {
	if route == nil {
		return false
	}
	now := h[place{route.Protocol, route.Resource}]
	return now != nil && !now.Serves(route.Endpoint)
}

// moves has the sessions end whose resources have moved (resolve.Result.Drain):
//
//	changed ─► resource has sessions ─► lookup ─► Drain passes ─► driver.leave
//
// A second look follows, for sessions that had the old answer and weren't on
// their way yet. A newer answer takes the place of the one before. Safe for
// concurrent use.
type moves struct {
	e       *Engine
	ctx     context.Context
	cancel  context.CancelFunc
	lookups crew
	walks   sync.WaitGroup

	mu      sync.Mutex         // guards what follows
	told    map[place]struct{} // to be looked up
	pending map[place]*move
	ripe    homes // for the next walk
	walking bool
	closed  bool
}

// move is an answer in force, with its time.
type move struct {
	route *resolve.Route
	timer *time.Timer
	again bool // the time has passed once
}

func newMoves(e *Engine) *moves {
	m := &moves{
		e: e, lookups: crew{most: maxMoveLookups, queued: math.MaxInt},
		told: make(map[place]struct{}), pending: make(map[place]*move), ripe: make(homes),
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

// protocols are those of the listeners.
func (m *moves) protocols() map[string]struct{} {
	known := make(map[string]struct{})
	for _, l := range m.e.cfg().Listeners {
		known[l.Front.Protocol.String()] = struct{}{}
	}
	return known
}

// close has nothing begin any more. Sessions that are about to end, do.
func (m *moves) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.cancel()
	for _, one := range m.pending {
		one.timer.Stop()
	}
}

// wait returns when nothing is under way, after close.
func (m *moves) wait() {
	m.lookups.wait()
	m.walks.Wait()
}

// changed has a resource, "" for all, looked up anew. It doesn't block; see
// resolve.Cache.Notify.
func (m *moves) changed(resource string) {
	for protocol := range m.protocols() {
		if resource == "" {
			for _, name := range m.e.resources.InUse(protocol) {
				m.tell(place{protocol, name})
			}
		} else if m.e.resources.Sessions(protocol, resource) > 0 {
			m.tell(place{protocol, resource})
		}
	}
}

func (m *moves) tell(p place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.told[p]; known || m.closed {
		return
	}
	m.told[p] = struct{}{}
	m.lookups.do(func() { m.look(p) })
}

// look finds out whether the resource's sessions are to move. Without an answer
// what was in force stays, and so for one that is this asker's alone.
func (m *moves) look(p place) {
	m.mu.Lock()
	delete(m.told, p) // what changes from now on is looked up again
	m.mu.Unlock()
	route, err := m.e.cache.Fetch(m.ctx, resolve.Request{Protocol: p.protocol, Resource: p.resource})
	if err == nil && route.TTL >= 0 {
		m.inForce(p, route)
	}
}

// inForce starts the time of an answer, unless that is running.
func (m *moves) inForce(p place, route *resolve.Route) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before := m.pending[p]; before != nil {
		if route.SamePlaces(before.route) {
			return
		}
		before.timer.Stop()
		delete(m.pending, p)
	}
	if route.Drain == 0 || m.closed {
		return
	}
	if len(m.pending) >= maxMoves {
		m.forgetIdle()
	}
	one := &move{route: route}
	m.pending[p] = one
	one.timer = time.AfterFunc(max(0, route.Drain), func() { m.ripen(p, one) })
}

// forgetIdle drops the moves of resources nobody uses. The caller holds mu.
func (m *moves) forgetIdle() {
	maps.DeleteFunc(m.pending, func(p place, one *move) bool {
		return m.e.resources.Sessions(p.protocol, p.resource) == 0 && one.timer.Stop()
	})
}

// ripen is called when a move's time has passed.
func (m *moves) ripen(p place, one *move) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.pending[p] != one {
		return
	}
	if one.again {
		delete(m.pending, p)
	} else {
		one.again = true
		one.timer.Reset(m.e.cfg().Timeouts.Resolve)
	}
	m.ripe[p] = one.route
	if !m.walking {
		m.walking = true
		m.walks.Go(m.walk)
	}
}

// walk has the driver end the sessions of everything that is ripe, all at once.
func (m *moves) walk() {
	for {
		m.mu.Lock()
		all := m.ripe
		m.ripe = make(homes)
		m.walking = len(all) > 0
		m.mu.Unlock()
		if len(all) == 0 {
			return
		}
		m.e.driver.leave(all.left, Moved)
	}
}
