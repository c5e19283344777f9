package upstream

import (
	"hash/maphash"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Choice is the endpoint that a session goes to.
type Choice struct {
	// Route is how to get there: the route picked from or one of its
	// Alternatives. Nil iff Endpoint is.
	Route *resolve.Route
	// Endpoint is Route's, acquired; nil if none admits the session.
	Endpoint *Endpoint
	// Ticket is the session's place there, to be reported.
	Ticket Ticket
	// Index is the endpoint's bit in the mask of those tried.
	Index int
	// Trouble is why there is none, iff Endpoint is nil: the last failure of the
	// first endpoint that refused of itself. Connected if none did.
	Trouble Outcome
	// Forced is why there is none iff Trouble is Connected and it isn't Auto: what an
	// operator has decided about the first endpoint that refused.
	Forced Forced
}

// Pick chooses among the route's endpoints by its Balance, passing over those
// that don't admit the session and those in the mask tried, whose bit 0 is the route
// itself and bit i+1 its Alternatives[i]. The caller owes the Endpoint, if there is
// one, a Report of the Ticket and a Release. Allocates only for an endpoint
// that is new.
func (r *Registry) Pick(route *resolve.Route, tried uint32, now time.Time) Choice {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := candidates{
		n:       min(1+len(route.Alternatives), len(candidates{}.endpoints)),
		balance: route.Balance,
		tried:   tried,
	}
	r.makeRoom(c.n)
	for i := range c.n {
		c.endpoints[i] = r.get(nth(route, i).Endpoint)
	}
	turn := r.turn(route, c.n)
	c.turn = int(*turn)
	var refused Choice
	for i := c.next(); i >= 0; i = c.next() {
		e := c.endpoints[i]
		if t := e.Admit(now); t != 0 {
			e.Acquire()
			*turn = uint8(i + 1)
			return Choice{Route: nth(route, i), Endpoint: e, Ticket: t, Index: i}
		}
		refused.because(e)
		c.tried |= 1 << i
	}
	return refused
}

// because notes why an endpoint has refused, if it is the first: that it has failed
// tells more than that an operator has closed it.
func (c *Choice) because(e *Endpoint) {
	switch f := e.Forced(); {
	case c.Trouble != Connected:
	case !f.shuts():
		c.Trouble, c.Forced = e.Trouble(), Auto
	case c.Forced == Auto:
		c.Forced = f
	}
}

// nth is the route to endpoint i.
func nth(route *resolve.Route, i int) *resolve.Route {
	if i == 0 {
		return route
	}
	return route.Alternatives[i-1]
}

// turns remembers whose turn it is, per resource. Resources may share an entry:
// that some of them take turns together does no harm, and the memory is bounded.
type turns struct {
	seed maphash.Seed
	next [1 << 14]uint8
	none uint8
}

// turn is where the endpoint is kept that is next for the resource, which has n
// of them. The caller holds mu.
func (r *Registry) turn(route *resolve.Route, n int) *uint8 {
	if r.turns == nil {
		r.turns = &turns{seed: maphash.MakeSeed()}
	}
	if n == 1 {
		return &r.turns.none
	}
	return &r.turns.next[maphash.String(r.turns.seed, route.Resource)%uint64(len(r.turns.next))]
}

// candidates are the endpoints of a route, of which some have been tried.
type candidates struct {
	endpoints [1 + resolve.MaxOthers]*Endpoint
	n         int
	balance   resolve.Balance
	turn      int
	tried     uint32
}

// next returns the best one that hasn't been tried, -1 if there is none.
func (c *candidates) next() int {
	first := c.turn
	if c.balance == resolve.First {
		first = 0
	}
	best, fewest := -1, int64(0)
	for k := range c.n {
		i := (first + k) % c.n
		if c.tried&(1<<i) != 0 {
			continue
		}
		if c.balance != resolve.LeastSessions {
			return i
		}
		if n := c.endpoints[i].sessions.Load(); best < 0 || n < fewest {
			best, fewest = i, n
		}
	}
	return best
}
