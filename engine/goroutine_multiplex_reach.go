package engine

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// rejection is why a request can't be passed on, and what its client is told.
type rejection struct {
	reason  Reason
	failure codecs.Failure
	cause   error
}

func rejectionFor(reason Reason, resource string, cause error) rejection {
	failure, _ := reason.failure(resource, cause)
	return rejection{reason, failure, cause}
}

// introduce waits for the header of a proxy before us, if the client is one; false
// means that the session has come to its end.
func (s *goroutineMultiplex) introduce() bool {
	e := s.port.d.e
	if e.cfg().introduces(s.addr.Addr()) {
		s.enter(Introducing, e.cfg().Timeouts.Detect)
		h, err := receiveIntroduction(s.conn)
		if err != nil {
			s.finish(introductionReason(err), err)
			return false
		}
		if h.Known() {
			s.addr, s.local = h.Client, h.Local
			s.face.client.Store(&h.Client)
		}
	}
	e.admitOf(s.addr, &s.admission)
	return true
}

// secure turns the client's connection to TLS, where that is spoken, and makes the
// multiplexer; false means that the session has come to its end.
func (s *goroutineMultiplex) secure() bool {
	spec, d := s.port.spec, s.port.d
	s.mux = spec.Front.Multiplex.New()
	if spec.TLS == nil {
		return true
	}
	s.enter(Securing, d.e.cfg().Timeouts.Handshake)
	conn := tls.Server(&wire{TCPConn: s.conn.TCPConn}, spec.TLS.Config(spec.Front.ALPN))
	if err := d.shake(withClient, conn); err != nil {
		s.finish(handshakeReason(err), err)
		return false
	}
	s.conn.tls = conn
	state := conn.ConnectionState()
	told := shownBy(&state)
	s.shown = &told
	s.face.secured.Store(true)
	s.mux.Secured(told.tls)
	return true
}

// branch returns the branch for a resource, a new one at first; nil and why not.
func (s *goroutineMultiplex) branch(resource string) (*goroutineBranch, rejection) {
	s.mu.Lock()
	b, others := s.branches[resource], len(s.branches)
	s.mu.Unlock()
	switch {
	case b != nil:
		return b, rejection{}
	case others >= maxBranches:
		return nil, rejection{ResourceFull, codecs.Failure{Kind: codecs.TooMany, Detail: detailBranches, Resource: resource}, nil}
	}
	b = &goroutineBranch{s: s, resource: resource}
	reason, cause, reached := b.reach()
	b.enter(Standing)
	if !reached {
		b.fail()
		return nil, rejectionFor(reason, resource, cause)
	}
	b.begin()
	return b, rejection{}
}

// enter changes the phase. Standing is the end of all that are timed.
func (b *goroutineBranch) enter(phase State) {
	now := time.Since(b.s.started)
	b.s.port.d.e.phases.shards[0].left(b.phase, b.entered, now)
	b.phase, b.entered = phase, now
}

// fail ends the stay of a branch that came to nothing.
func (b *goroutineBranch) fail() {
	b.visit.leave(0, 0)
	b.s.port.d.e.resources.Leave(b.place)
}

// reach resolves the branch's resource and connects to a backend there. The
// client isn't read meanwhile, and the answers of others go on.
func (b *goroutineBranch) reach() (Reason, error, bool) {
	e := b.s.port.d.e
	req := visitor{b.s.addr, b.s.shown}.request(b.s.port.spec, b.resource)
	b.enter(Resolving)
	asking, done := context.WithTimeout(b.s.ctx, e.cfg().Timeouts.Resolve)
	route, err := e.cache.Fetch(asking, req)
	done()
	if err != nil {
		route = &resolve.Route{Request: req, Err: err}
	}
	if reason, refused := e.verdict(route); refused {
		return reason, route.Err, false
	}
	if e.mustWait(route) {
		return b.wake(req, route)
	}
	if b.place = e.enter(route); b.place == nil {
		return e.noPlace(route), errFull, false
	}
	return b.approach(req, approach{whole: route})
}

// wake waits until the resource was started, and goes on to it.
func (b *goroutineBranch) wake(req resolve.Request, route *resolve.Route) (Reason, error, bool) {
	s, e := b.s, b.s.port.d.e
	e.resources.Leave(b.place) // to be taken anew, in turn
	b.place = nil
	b.enter(Waking)
	waiting, done := context.WithTimeoutCause(s.ctx, e.cfg().ColdStart.Timeout, errWakeTimeout)
	defer done()
	woken, place := e.awaitStart(waiting, req, route, func() bool { return ended(s.conn.TCPConn) })
	if woken.Err != nil {
		return wakeReason(woken.Err), woken.Err, false
	}
	if b.place = place; place == nil {
		return e.noPlace(route), errFull, false
	}
	return b.approach(req, approach{whole: woken, woken: true})
}

// approach goes on to one of a route's endpoints, the first that answers.
func (b *goroutineBranch) approach(req resolve.Request, a approach) (Reason, error, bool) {
	e := b.s.port.d.e
	b.enter(Connecting)
	deadline := time.Now().Add(e.connectTimeout(a.whole))
	for {
		choice, found := a.choose(e)
		switch {
		case b.s.ctx.Err() != nil:
			return Drained, nil, false
		case !found && a.wakeable():
			return b.wake(req, a.whole)
		case !found:
			return connectReason(a.last), a.err, false
		}
		b.visit, b.route = visitTo(&choice), choice.Route
		leg, err := e.backendTLS(b.s.port.spec, b.route)
		if err != nil {
			return InternalError, err, false
		}
		if b.dial(&a, deadline) {
			return b.secure(leg)
		}
		b.visit.report(a.last)
		b.visit.leave(0, 0)
	}
}

// dial tries the addresses of the endpoint that was chosen, one after the other.
func (b *goroutineBranch) dial(a *approach, deadline time.Time) bool {
	s := b.s
	for len(a.addrs) > 0 && s.ctx.Err() == nil {
		share := a.share(time.Until(deadline))
		conn, err := s.port.d.dial(s.ctx, *a.next(), share)
		b.visit.attempted(upstream.Classify(err))
		if err == nil {
			b.conn = conn
			return s.sockets.add(conn)
		}
		a.failed(upstream.Classify(err), err)
	}
	return false
}

// secure tells the backend of the client, if it is to be told, and turns the leg to
// TLS, if that is how it is to be.
func (b *goroutineBranch) secure(leg backendTLS) (Reason, error, bool) {
	s, e := b.s, b.s.port.d.e
	if leg.personal() {
		h := proxyheader.Header{Client: s.addr, Local: s.localAddr()}
		_, _ = b.conn.Write(h.Append(nil, leg.header)) // if that fails, reading does
	}
	if leg.verify == tlsterm.Off {
		return 0, nil, true
	}
	b.enter(SecuringBackend)
	_ = b.conn.SetDeadline(time.Now().Add(e.cfg().Timeouts.Handshake))
	conn := tls.Client(&wire{TCPConn: b.conn.TCPConn}, e.cfg().TLS.Backends.Config(leg.verify, leg.name, s.port.spec.Front.ALPN))
	if err := s.port.d.shake(withBackend, conn); err != nil {
		b.visit.report(upstream.HandshakeFailed)
		s.sockets.remove(b.conn)
		_ = b.conn.Close()
		return backendHandshakeReason(err), err, false
	}
	_ = b.conn.SetDeadline(time.Time{})
	b.conn.tls = conn
	return 0, nil, true
}
