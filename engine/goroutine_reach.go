package engine

import (
	"context"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

func (s *goroutineSession) routeTo(resource string) {
	if !s.within() {
		s.refuseFor(s.excess, resource, nil)
		return
	}
	s.enter(Resolving, 0)
	s.launch(func(ctx context.Context) bool { return s.resolve(ctx, resource) })
}

// routeByKey goes on to the backend that issued a key, if it is known. Its
// address was checked when that session was routed. The limit of sessions
// doesn't apply: cancelling is what helps under load.
func (s *goroutineSession) routeByKey(issuer keyIssuer) {
	if issuer.backend == nil {
		s.refuse(UnknownKey, nil)
		return
	}
	s.leg, s.keyData = issuer.leg, issuer.data
	s.enter(Connecting, 0)
	s.launch(func(ctx context.Context) bool { return s.dialIssuer(ctx, *issuer.backend) })
}

// dialIssuer connects to the backend that issued the client's key.
func (s *goroutineSession) dialIssuer(ctx context.Context, addr netip.AddrPort) bool {
	a := approach{addrs: []netip.AddrPort{addr}}
	conn, at := s.dial(ctx, &a, time.Now().Add(s.port.d.e.cfg().Timeouts.Connect))
	if conn != nil {
		return s.connected(conn, at)
	}
	if s.moveOn(ctx, &a) {
		s.unreachable(&a)
	}
	return false
}

// launch starts the backend's goroutine. reach gets it to a connected backend,
// or returns false when the session has come to its end.
func (s *goroutineSession) launch(reach func(context.Context) bool) {
	ctx, cancel := context.WithCancel(s.port.d.serving)
	s.cancel = cancel
	s.upstream.Go(func() {
		defer s.guard()
		reached := reach(ctx)
		cancel()
		if reached {
			s.pull(&s.backend, &s.client)
		}
	})
}

func (s *goroutineSession) resolve(ctx context.Context, resource string) bool {
	e := s.port.d.e
	route := s.lookup(ctx, resource)
	if !s.routed(route) {
		return false
	}
	if e.mustWait(route) {
		return s.awaitStart(ctx, route)
	}
	return s.admitted(route, e.enter(route)) && s.approach(ctx, approach{whole: route})
}

// lookup returns an answer, good or bad.
func (s *goroutineSession) lookup(ctx context.Context, resource string) *resolve.Route {
	e := s.port.d.e
	req := visitor{s.addr, s.shown}.request(s.port.spec, resource)
	asking, done := context.WithTimeout(ctx, e.cfg().Timeouts.Resolve)
	defer done()
	route, err := e.cache.Fetch(asking, req)
	if err != nil {
		return &resolve.Route{Request: req, Err: err}
	}
	return route
}

// routed takes an answer, good or bad, and says whether to go on.
func (s *goroutineSession) routed(route *resolve.Route) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Resolving {
		return false
	}
	s.route = route
	s.face.route.Store(route)
	if reason, refused := s.port.d.e.verdict(route); refused {
		s.refuse(reason, route.Err)
		return false
	}
	return true
}

// admitted takes the session's place at its resource, and says whether to go on.
func (s *goroutineSession) admitted(route *resolve.Route, place *upstream.Resource) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resource = place
	switch {
	case s.state != Resolving && s.state != Waking:
		return false
	case place == nil:
		s.refuse(s.port.d.e.noPlace(route), nil)
		return false
	}
	s.route = route
	s.face.route.Store(route)
	s.enter(Connecting, 0)
	return true
}

// approach goes on to one of a route's endpoints, the first that answers.
func (s *goroutineSession) approach(ctx context.Context, a approach) bool {
	deadline := time.Now().Add(s.port.d.e.connectTimeout(a.whole))
	for {
		choice, found := a.choose(s.port.d.e)
		switch {
		case found:
		case a.wakeable():
			return s.awaitStart(ctx, a.whole)
		default:
			s.unreachable(&a)
			return false
		}
		if !s.visits(&choice) {
			return false
		}
		if conn, addr := s.dial(ctx, &a, deadline); conn != nil {
			return s.connected(conn, addr)
		}
		if !s.moveOn(ctx, &a) {
			return false
		}
	}
}

// visits goes on to the endpoint that was chosen.
func (s *goroutineSession) visits(choice *upstream.Choice) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visit = visitTo(choice)
	if s.state != Connecting {
		return false
	}
	s.route = choice.Route
	s.face.route.Store(s.route)
	leg, err := s.port.d.e.backendTLS(s.port.spec, s.route)
	if err != nil {
		s.refuse(InternalError, err)
		return false
	}
	s.leg = leg
	return true
}

// moveOn leaves an endpoint that can't be connected, and says whether to try
// another.
func (s *goroutineSession) moveOn(ctx context.Context, a *approach) bool {
	if ctx.Err() != nil {
		s.drained() // unless the session has ended
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report(a.last)
	s.visit.leave(0, 0)
	return s.state == Connecting
}

func (s *goroutineSession) unreachable(a *approach) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Connecting {
		s.refuse(connectReason(a.last), a.err)
	}
}

// dial tries one address after the other, all of them until the deadline. It
// returns nil if none answers, or ctx has ended.
func (s *goroutineSession) dial(ctx context.Context, a *approach, deadline time.Time) (*stream, *netip.AddrPort) {
	for len(a.addrs) > 0 {
		share := a.share(time.Until(deadline))
		addr := a.next()
		if conn := s.takeReady(*addr); conn != nil {
			return conn, addr
		}
		conn, err := s.port.d.dial(ctx, *addr, share)
		if err != nil && ctx.Err() != nil {
			break
		}
		s.attempted(upstream.Classify(err))
		if err == nil {
			return conn, addr
		}
		a.failed(upstream.Classify(err), err)
	}
	return nil, nil
}

// awaitStart waits until the resource was started, and goes on to it.
func (s *goroutineSession) awaitStart(ctx context.Context, route *resolve.Route) bool {
	e := s.port.d.e
	s.mu.Lock()
	e.resources.Leave(s.resource) // to be taken anew, in turn
	s.resource = nil
	if s.state != Resolving && s.state != Connecting {
		s.mu.Unlock()
		return false
	}
	s.enter(Waking, 0)
	s.mu.Unlock()
	waiting, done := context.WithTimeoutCause(ctx, e.cfg().ColdStart.Timeout, errWakeTimeout)
	defer done()
	req := visitor{s.addr, s.shown}.request(s.port.spec, route.Resource)
	woken, place := e.awaitStart(waiting, req, route, func() bool { return false })
	if woken.Err != nil {
		s.notWoken(ctx, woken.Err)
		return false
	}
	return s.admitted(woken, place) && s.approach(ctx, approach{whole: woken, woken: true})
}

func (s *goroutineSession) notWoken(ctx context.Context, err error) {
	if ctx.Err() != nil {
		s.drained() // unless the session has ended
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Waking {
		s.refuse(wakeReason(err), err)
	}
}

func (s *goroutineSession) drained() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(Drained, nil)
}

// connected has the codec open the backend, over TLS where the protocol doesn't
// ask for it in its own words.
func (s *goroutineSession) connected(conn *stream, addr *netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sockets.add(conn) {
		s.finish(Drained, nil)
		return false
	}
	s.backend.conn, s.address = conn, addr
	s.announce()
	if conn.tls == nil && s.leg.verify != tlsterm.Off && !s.port.spec.Front.Negotiates {
		s.enter(SecuringBackend, 0)
		return s.encryptBackend() && s.open()
	}
	return s.open()
}
