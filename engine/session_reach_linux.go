package engine

import (
	"net/netip"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// routeTo looks the resource up: in the loop's cache, or else off the loop.
func (s *session) routeTo(resource []byte, box *inbox, rest []byte) {
	if !s.within() {
		s.refuseFor(s.excess, string(resource), nil)
		return
	}
	if route := s.port.routes.Lookup(resource); route != nil {
		box.keep(rest)
		if s.state == Standing {
			s.goOnWith(route)
		} else {
			s.routed(route)
		}
		return
	}
	name := string(resource) // before keep moves what it aliases
	box.keep(rest)
	s.enter(s.awaiting(), s.port.w.e.cfg().Timeouts.Resolve)
	s.port.w.lookup(s, name)
}

// awaiting is the state of waiting for an answer.
func (s *session) awaiting() State {
	if s.state == Standing {
		return Asking
	}
	return Resolving
}

var _ asker = (*session)(nil)

func (s *session) from() (*port, visitor) { return s.port, visitor{s.client(), s.setup.shown} }

func (s *session) waitsFor(q *question) { s.setup.question = q }

// resolved is called when the lookup is done.
func (s *session) resolved(route *resolve.Route) {
	defer s.guard()
	if s.state != Asking {
		s.routed(route)
		return
	}
	s.goOnWith(route)
	if s.inCodec() {
		s.reconsider()
		s.opening()
	}
}

// leaveWaits takes the session out of whatever it waits for.
func (s *session) leaveWaits() {
	if q := s.setup.question; q != nil {
		q.leave(s)
	}
	if l := s.setup.sleeper; l != nil {
		s.setup.sleeper = nil
		l.leave()
	}
}

// routed goes on with an answer, good or bad.
func (s *session) routed(route *resolve.Route) {
	s.route = route
	if reason, refused := s.port.w.e.verdict(route); refused {
		s.refuse(reason, route.Err)
		return
	}
	e := s.port.w.e
	if e.mustWait(route) {
		s.awaitStart(route)
		return
	}
	if s.resource = e.enter(route); s.resource == nil {
		s.refuse(e.noPlace(route), nil)
		return
	}
	s.approach(route)
}

// approach goes on to one of the route's endpoints.
func (s *session) approach(route *resolve.Route) {
	t := s.setup
	t.approach = approach{whole: route, woken: t.approach.woken}
	t.deadline = s.port.w.loop.Now() + s.port.w.e.connectTimeout(route)
	s.tryEndpoint()
}

// tryEndpoint connects to the next endpoint that may be had, the first that
// answers.
func (s *session) tryEndpoint() {
	e, a := s.port.w.e, &s.setup.approach
	choice, found := a.choose(e)
	switch {
	case found:
	case a.wakeable():
		s.awaitStart(a.whole)
		return
	default:
		s.refuse(connectReason(a.last), a.err)
		return
	}
	s.route, s.visit = choice.Route, visitTo(&choice)
	leg, err := e.backendTLS(s.port.spec, s.route)
	if err != nil {
		s.refuse(InternalError, err)
		return
	}
	s.setup.leg = leg
	s.dial()
}

// routeByKey goes on to the backend that issued a key, if it is known. Its
// address was checked when that session was routed. The limit of sessions
// doesn't apply: cancelling is what helps under load.
func (s *session) routeByKey(issuer keyIssuer) {
	if issuer.backend == nil {
		s.refuse(UnknownKey, nil)
		return
	}
	s.setup.leg, s.setup.keyData = issuer.leg, issuer.data
	s.setup.approach.addrs = []netip.AddrPort{*issuer.backend}
	s.setup.deadline = s.port.w.loop.Now() + s.port.w.e.cfg().Timeouts.Connect
	s.dial()
}

// dial starts connecting to the next address.
func (s *session) dial() {
	w, t := s.port.w, s.setup
	s.enter(Connecting, t.approach.share(t.deadline-w.loop.Now()))
	s.backend = t.approach.next()
	if s.takeReady() {
		return
	}
	if err := w.loop.Dial(&s.pump.Backend.Conn, *s.backend, &w.e.cfg().Dial, s); err != nil {
		s.connectFailed(upstream.Classify(err), err)
		return
	}
	s.connecting()
}

// connecting asks how the connection attempt stands.
func (s *session) connecting() {
	connected, err := s.pump.Backend.Conn.Connected()
	if err != nil {
		s.connectFailed(upstream.Classify(err), err)
		return
	}
	if connected {
		s.attempted(upstream.Connected)
		s.connected()
	}
}

// connectFailed tries the next address, or else the next endpoint.
func (s *session) connectFailed(o upstream.Outcome, err error) {
	s.attempted(o)
	s.pump.Backend.Conn.Close()
	if len(s.setup.approach.addrs) > 0 {
		s.dial()
		return
	}
	s.setup.approach.failed(o, err)
	s.report(o)
	s.visit.leave(0, 0)
	s.tryEndpoint()
}

// connected goes on with a connection to the backend, which is turned to TLS
// first where the protocol doesn't ask for it in its own words.
func (s *session) connected() {
	s.announce()
	if s.setup.leg.verify != tlsterm.Off && !s.port.spec.Front.Negotiates {
		s.secureBackend()
		return
	}
	s.open()
}
