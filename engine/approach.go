package engine

import (
	"errors"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// approach is the way from a route to a connected backend: which endpoint is
// tried next, which of its addresses, and what has become of the tries. It only
// keeps the books; the drivers dial. The zero value has no endpoint to offer.
//
// An endpoint that was chosen is reported on exactly once: by failed, or else by
// whoever has taken it over (visit.report).
type approach struct {
	whole *resolve.Route // as resolved: the endpoints to choose from
	tried uint32         // a bit for each of them
	// addrs are the addresses still to be tried of the endpoint chosen last.
	addrs []netip.AddrPort
	// last and err are what the last try came to.
	last upstream.Outcome
	err  error
	// woken says that the resource was started for this client already.
	woken bool
}

// choose goes on to the next endpoint, false if there is none that may be had;
// failure says why.
func (a *approach) choose(e *Engine) (upstream.Choice, bool) {
	if a.whole == nil || len(a.whole.Addrs) == 0 {
		return upstream.Choice{}, false
	}
	c := e.endpoints.Pick(a.whole, a.tried, time.Now())
	if c.Endpoint == nil {
		if a.tried == 0 {
			a.last, a.err = refusedBy(&c)
		}
		return c, false
	}
	e.watch(&c)
	a.tried |= 1 << c.Index
	a.addrs = c.Route.Addrs
	return c, true
}

// refusedBy is what it comes to that no endpoint admits the session.
func refusedBy(c *upstream.Choice) (upstream.Outcome, error) {
	if c.Forced != upstream.Auto {
		return upstream.Failed, errForced
	}
	return c.Trouble, errBreaker
}

// next takes the next address of the chosen endpoint.
func (a *approach) next() *netip.AddrPort {
	addr := &a.addrs[0]
	a.addrs = a.addrs[1:]
	return addr
}

// share is how long the next attempt may take of the time that is left: the
// other addresses, and endpoints, want their part.
func (a *approach) share(left time.Duration) time.Duration {
	others := 0
	if a.whole != nil {
		others = len(a.whole.Alternatives)
	}
	for tried := a.tried >> 1; tried != 0; tried &= tried - 1 {
		others--
	}
	return max(upstream.ConnectTimeout(left, len(a.addrs)+max(others, 0)), 1)
}

// failed notes what became of a try.
func (a *approach) failed(o upstream.Outcome, err error) { a.last, a.err = o, err }

// wakeable says whether the resource that couldn't be connected may only be
// asleep.
func (a *approach) wakeable() bool {
	if a.whole == nil || a.whole.Wake == "" || a.woken {
		return false
	}
	switch a.last {
	case upstream.Refused, upstream.TimedOut, upstream.Unreachable:
		return true
	}
	return false
}

// breakerOpen is the cause of a refusal without a try.
type breakerOpen struct{}

// Error implements error.
func (breakerOpen) Error() string { return "the endpoint has failed too often of late and isn't tried" }

var errBreaker error = breakerOpen{}

// errForced is its cause where the operator has decided (upstream.Forced).
var errForced = errors.New("the endpoint is closed by the operator")

// poolable says that a connection of the pool may be used without asking for a place
// at the endpoint: there is no other one to choose, and the operator hasn't closed it.
func (e *Engine) poolable(route *resolve.Route) bool {
	return len(route.Alternatives) == 0 && e.endpoints.Shut(route.Endpoint) == upstream.Auto
}

// visit is a session's stay at an endpoint, or a pooled connection's. The zero
// value is none.
type visit struct {
	endpoint *upstream.Endpoint
	ticket   upstream.Ticket
}

// visitTo begins the visit to what was chosen.
func visitTo(c *upstream.Choice) visit { return visit{c.Endpoint, c.Ticket} }

// attempted counts an attempt to connect to one of the endpoint's addresses.
func (v *visit) attempted(o upstream.Outcome) {
	if v.endpoint != nil {
		v.endpoint.Attempted(o)
	}
}

// report tells how the endpoint did; only the first word counts.
func (v *visit) report(o upstream.Outcome) {
	if v.ticket != 0 {
		v.endpoint.Report(v.ticket, o, time.Now())
		v.ticket = 0
	}
}

// drained says that an operator has those who are there go.
func (v *visit) drained() bool {
	return v.endpoint != nil && v.endpoint.Forced() == upstream.ForcedDrain
}

// moved counts bytes before the visit ends.
func (v *visit) moved(fromClient, toClient uint64) {
	if v.endpoint != nil {
		v.endpoint.Moved(fromClient, toClient)
	}
}

// leave ends the visit: its bytes are counted, and the endpoint isn't to blame if
// nobody has said so.
func (v *visit) leave(fromClient, toClient uint64) {
	if v.endpoint != nil {
		v.report(upstream.Abandoned)
		v.endpoint.Release(fromClient, toClient)
		v.endpoint = nil
	}
}

// outcomeOf is what a session's end says of its backend, which has sent toClient
// bytes.
func outcomeOf(reason Reason, toClient uint64) upstream.Outcome {
	switch {
	case toClient > 0 && reason != BackendMalformed:
		return upstream.Served
	case reason == BackendGone || reason == BackendMalformed:
		return upstream.HungUp
	case reason == OpenTimeout || reason == FirstByteTimeout:
		return upstream.Silent
	case reason == BackendHandshakeFailed || reason == BackendHandshakeTimeout:
		return upstream.HandshakeFailed
	}
	return upstream.Abandoned
}
