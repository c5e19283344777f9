package engine

import (
	"sync/atomic"

	"github.com/proxy-engine/proxy-engine/upstream"
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
}

func (c *counters) ended(end *ending) {
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
	// Endpoints are the counters per backend.
	Endpoints []upstream.EndpointStats
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
		Endpoints:       e.endpoints.Stats(),
	}
	for r := range reasons {
		s.Closed[r] = c.closed[r].Load()
		s.Refused[r] = c.refused[r].Load()
	}
	return s
}
