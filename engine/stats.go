package engine

import (
	"sync/atomic"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// counters are exact and only grow.
type counters struct {
	accepted             atomic.Uint64
	closed               [reasons]atomic.Uint64
	requests             atomic.Uint64
	refused              [reasons]atomic.Uint64
	fromClient, toClient atomic.Uint64
	exhausted            atomic.Uint64
	panics               atomic.Uint64
	listeners            map[*Listener]*listenerCounters // none is added
}

// listenerCounters are those of one listener, written when a session begins and
// ends.
type listenerCounters struct {
	accepted, closed     atomic.Uint64
	fromClient, toClient atomic.Uint64
}

// countListeners makes the counters of the listeners.
func countListeners(all []Listener) map[*Listener]*listenerCounters {
	m := make(map[*Listener]*listenerCounters, len(all))
	for i := range all {
		m[&all[i]] = new(listenerCounters)
	}
	return m
}

func (c *counters) ended(end *ending) {
	l := c.listeners[end.listener]
	l.closed.Add(1)
	l.fromClient.Add(end.fromClient)
	l.toClient.Add(end.toClient)
	c.closed[end.reason].Add(1)
	c.fromClient.Add(end.fromClient)
	c.toClient.Add(end.toClient)
}

// Stats is a snapshot of an engine's counters since its start. The figures are
// each exact, not all of one instant.
type Stats struct {
	// Active is the number of sessions in any state but Closed.
	Active int64
	// Accepted counts connections taken from the listeners.
	Accepted uint64
	// Closed counts ended sessions by reason; every reason is there.
	Closed map[Reason]uint64
	// Requests counts HTTP requests whose head was understood, and Refused those
	// answered by the engine, by reason; every reason is there.
	Requests uint64
	Refused  map[Reason]uint64
	// FromClients and ToClients count bytes read from clients and from
	// backends, added when a session ends.
	FromClients, ToClients uint64
	// AcceptExhausted counts accepts that failed for want of descriptors or
	// memory, after which the listener rested.
	AcceptExhausted uint64
	// Panics counts bugs: panics that were recovered and cost one session.
	Panics uint64
	// TrackingDropped counts notifications a slow Tracker didn't take in time.
	TrackingDropped uint64
	// Preconnect are those of connections made before they were wanted.
	Preconnect PreconnectStats
	// Endpoints are the counters per backend.
	Endpoints []upstream.EndpointStats
	// Breakers says how often a breaker of any endpoint has entered a phase.
	Breakers map[upstream.Phase]uint64
	// Resources are the figures per resource, in no order.
	Resources []upstream.ResourceStats
	// Listeners are in the configuration's order.
	Listeners []ListenerStats
	// Phases say how long sessions were in the states that have an end of their
	// own before the relay. Sessions that ended there aren't among them.
	Phases map[State]Histogram
	// Routes are the figures of the route cache, Starts those of cold starts.
	Routes resolve.CacheStats
	Starts coldstart.Stats
	// Draining says that Shutdown was called.
	Draining bool
}

// ListenerStats are a listener's figures since the start.
type ListenerStats struct {
	// Name is the listener's, Protocol what is spoken there.
	Name, Protocol string
	// Active is how many sessions there are, Accepted how many there were in all.
	Active, Accepted uint64
	// FromClients and ToClients are as in Stats.
	FromClients, ToClients uint64
}

// Stats returns a snapshot. Any goroutine.
func (e *Engine) Stats() Stats {
	c := &e.counters
	s := Stats{
		Active:          e.active.Load(),
		Accepted:        c.accepted.Load(),
		Closed:          make(map[Reason]uint64, reasons),
		Requests:        c.requests.Load(),
		Refused:         make(map[Reason]uint64, reasons),
		FromClients:     c.fromClient.Load(),
		ToClients:       c.toClient.Load(),
		AcceptExhausted: c.exhausted.Load(),
		Panics:          c.panics.Load(),
		TrackingDropped: e.tracker.droppedSoFar(),
		Preconnect:      e.preconnected.stats(),
		Endpoints:       e.endpoints.Stats(),
		Breakers:        make(map[upstream.Phase]uint64),
		Resources:       e.resources.Stats(),
		Listeners:       e.listenerStats(),
		Phases:          e.phases.snapshot(),
		Routes:          e.cache.Stats(),
		Starts:          e.starter.Stats(),
		Draining:        e.draining.Load(),
	}
	for p, n := range e.endpoints.Changes() {
		s.Breakers[upstream.Phase(p)] = n
	}
	for r := range reasons {
		s.Closed[r] = c.closed[r].Load()
		s.Refused[r] = c.refused[r].Load()
	}
	return s
}

func (e *Engine) listenerStats() []ListenerStats {
	all := make([]ListenerStats, len(e.cfg().Listeners))
	for i := range e.cfg().Listeners {
		spec := &e.cfg().Listeners[i]
		c := e.counters.listeners[spec]
		closed := c.closed.Load() // before accepted, so that there are never less than none
		s := ListenerStats{Name: spec.Name, Protocol: spec.Front.Protocol.String(), Accepted: c.accepted.Load(), FromClients: c.fromClient.Load(), ToClients: c.toClient.Load()}
		s.Active = s.Accepted - closed
		all[i] = s
	}
	return all
}
