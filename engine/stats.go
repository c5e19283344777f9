package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// counters are exact and only grow.
type counters struct {
	accepted        atomic.Uint64
	closed          [reasons]atomic.Uint64
	refused         [reasons]atomic.Uint64
	exhausted       atomic.Uint64
	panics          atomic.Uint64
	trackingDropped atomic.Uint64
	// listeners are by name. The map is replaced as a whole.
	listeners atomic.Pointer[map[string]*listenerCounters]
	shares    int // of each listener's traffic
}

// count makes counters of the listeners that have none. Those of listeners that are
// gone stay: the totals are made of them too. One call at a time.
func (c *counters) count(all []Listener) {
	next := make(map[string]*listenerCounters, len(all))
	if before := c.listeners.Load(); before != nil {
		for name, l := range *before {
			next[name] = l
		}
	}
	for i := range all {
		next[all[i].Name] = c.listener(all[i].Name)
	}
	c.listeners.Store(&next)
}

// listener returns the counters of a listener, new ones if it has none.
func (c *counters) listener(name string) *listenerCounters {
	if all := c.listeners.Load(); all != nil {
		if l := (*all)[name]; l != nil {
			return l
		}
	}
	return &listenerCounters{traffic: make([]traffic, c.shares)}
}

func (c *counters) ended(end *ending) {
	c.listener(end.listener.Name).closed.Add(1)
	c.closed[end.reason].Add(1)
}

// moved returns the bytes that all listeners' sessions have moved.
func (c *counters) moved() (fromClients, toClients uint64) {
	for _, l := range *c.listeners.Load() {
		from, to := l.moved()
		fromClients += from
		toClients += to
	}
	return fromClients, toClients
}

// requests returns how many HTTP requests all listeners had.
func (c *counters) requests() (n uint64) {
	for _, l := range *c.listeners.Load() {
		n += l.requests()
	}
	return n
}

// Stats is a snapshot of an engine's counters since its start. The figures are
// each exact, not all of one instant.
type Stats struct {
	// Started is when the engine was made.
	Started time.Time
	// Impl is the implementation of the sessions, MaxSessions the most of them.
	Impl        Impl
	MaxSessions int
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
	// FromClients and ToClients count bytes read from clients and from backends
	// for them, as they are read.
	FromClients, ToClients uint64
	// AcceptExhausted counts accepts that failed for want of descriptors or
	// memory, after which the listener rested.
	AcceptExhausted uint64
	// Panics counts bugs: panics that were recovered and cost one session.
	Panics uint64
	// LogDropped counts lines that the log's reader was too slow for.
	LogDropped uint64
	// TrackingDropped counts notifications a slow Tracker didn't take in time.
	TrackingDropped uint64
	// Preconnect are those of connections made before they were wanted.
	Preconnect PreconnectStats
	// Endpoints are the counters per backend.
	Endpoints []upstream.EndpointStats
	// Attempts are connections tried to all backends, by how they ended.
	Attempts map[upstream.Outcome]uint64
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
	// Loops are the event loops; there are none with goroutines.
	Loops []LoopStats
	// Links are the figures of connections to HTTP backends.
	Links LinkStats
	// ClientTLS and BackendTLS are those of handshakes.
	ClientTLS, BackendTLS HandshakeStats
	// Draining says that Retire or Shutdown was called.
	Draining bool
}

// ListenerStats are a listener's figures since the start.
type ListenerStats struct {
	// Name is the listener's, Protocol what is spoken there.
	Name, Protocol string
	// Address is the one it is bound to.
	Address netip.AddrPort
	// Active is how many sessions there are, Accepted how many there were in all.
	Active, Accepted uint64
	// FromClients and ToClients are as in Stats.
	FromClients, ToClients uint64
	// FirstByte is how long backends took to say something: of HTTP, from each
	// request's head until the first byte of its response; else from the first
	// byte that a session has sent its backend until the first one back.
	FirstByte Histogram
}

// Stats returns a snapshot. Any goroutine.
func (e *Engine) Stats() Stats {
	c := &e.counters
	s := Stats{
		Started:         e.started,
		Impl:            e.cfg().Impl,
		MaxSessions:     e.cfg().MaxSessions,
		Active:          e.active.Load(),
		Accepted:        c.accepted.Load(),
		Closed:          make(map[Reason]uint64, reasons),
		Requests:        c.requests(),
		Refused:         make(map[Reason]uint64, reasons),
		AcceptExhausted: c.exhausted.Load(),
		Panics:          c.panics.Load(),
		LogDropped:      e.logDropped(),
		TrackingDropped: c.trackingDropped.Load(),
		Preconnect:      e.preconnected.stats(),
		Endpoints:       e.endpoints.Stats(),
		Attempts:        e.endpoints.Attempts(),
		Breakers:        make(map[upstream.Phase]uint64),
		Resources:       e.resources.Stats(),
		Listeners:       e.listenerStats(),
		Phases:          e.phases.snapshot(),
		Routes:          e.cache.Stats(),
		Starts:          e.starter.Stats(),
		Loops:           e.driver.loops(),
		Links:           e.links.stats(),
		ClientTLS:       e.shaken[withClient].stats(),
		BackendTLS:      e.shaken[withBackend].stats(),
		Draining:        e.draining.Load(),
	}
	s.FromClients, s.ToClients = c.moved()
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
	cfg := e.cfg()
	all := make([]ListenerStats, len(cfg.Listeners))
	for i := range cfg.Listeners {
		spec := &cfg.Listeners[i]
		c := e.counters.listener(spec.Name)
		closed := c.closed.Load() // before accepted, so that there are never less than none
		s := ListenerStats{Name: spec.Name, Protocol: spec.Front.Protocol.String(), Address: e.Addr(spec.Name), Accepted: c.accepted.Load()}
		s.Active = s.Accepted - closed
		s.FromClients, s.ToClients = c.moved()
		s.FirstByte = c.firstByte()
		all[i] = s
	}
	return all
}
