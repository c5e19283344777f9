package engine

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Preconnect says how connections to backends are made before clients want them.
//
// They are kept for protocols whose server waits for the client
// (codecs.Front.ClientFirst), but not HTTP, which has a pool of its own, nor TCP, where
// that isn't known; within TLS where that begins with the first byte. A backend that is told of its client (PROXY
// protocol) gets none, nor does a resource that may be put to sleep: they would keep
// it awake. To the backend each is a connection of its own, which has said nothing yet.
//
// How many are kept follows the demand: as many as were wanted per second of late, at
// most PerEndpoint. One is looked at before it is used; what the backend has closed, or
// has said something on, isn't. They are no sessions in any count; the attempt to
// connect is counted when it is made.
type Preconnect struct {
	// PerEndpoint is the most that are ready for one address of a backend, in all
	// loops together; 0 is off.
	PerEndpoint int
	// Total bounds all of them.
	Total int
	// Idle is how long one is kept. It should be less than the backends wait for
	// a login.
	Idle time.Duration
}

func (p *Preconnect) validate() error {
	if p.PerEndpoint < 0 || p.Total < 1 || p.Idle <= 0 {
		return errors.New("preconnect: a number of connections is negative, or the bound of all of them or their time isn't positive")
	}
	return nil
}

// preconnects says whether sessions of the listener may be given a connection that
// was made before, to the endpoint that was chosen.
func (e *Engine) preconnects(l *Listener, route *resolve.Route, v *visit, leg *backendTLS) bool {
	return e.cfg().Preconnect.PerEndpoint > 0 && l.Front.ClientFirst && l.Front.Protocol != codecs.TCP && route != nil && route.Wake == "" &&
		!leg.personal() && !v.ticket.Probe()
}

// readyKey is what a connection that was made before serves for.
type readyKey struct {
	listener *Listener
	to       linkKey
}

// readyEvery is the time over which demand is measured.
const readyEvery = time.Second

// demand is how many connections are wanted per readyEvery. The zero value is none.
type demand struct {
	wanted int     // since the last tick
	recent float64 // the ticks before, each worth half of the next
}

// target is how many should be ready, at most most.
func (d *demand) target(most int) int { return min(most, max(d.wanted, int(d.recent+0.5))) }

// tick ends a measure, and says whether anything is wanted still.
func (d *demand) tick() bool {
	d.recent = (d.recent + float64(d.wanted)) / 2
	d.wanted = 0
	return d.recent >= 0.5
}

// preconnectCounters are of all loops.
type preconnectCounters struct {
	hits, misses, dead atomic.Uint64
	ready              atomic.Int64
}

// PreconnectStats are the figures of connections that were made before they were
// wanted.
type PreconnectStats struct {
	// Ready are there now.
	Ready int64
	// Hits are sessions that got one, Misses those that might have and found none.
	Hits, Misses uint64
	// Dead are those that were closed by the backend, or too old, before anybody
	// wanted them.
	Dead uint64
}

func (c *preconnectCounters) stats() PreconnectStats {
	return PreconnectStats{Ready: c.ready.Load(), Hits: c.hits.Load(), Misses: c.misses.Load(), Dead: c.dead.Load()}
}

// attemptedAt counts an attempt to connect to an endpoint without a session.
func (e *Engine) attemptedAt(endpoint string, err error) {
	at := e.endpoints.Acquire(endpoint)
	at.Attempted(upstream.Classify(err))
	at.Release(0, 0)
}
