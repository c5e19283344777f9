package engine

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

func (s *goroutineSession) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codec = s.port.spec.Front.New()
	s.enter(Detecting, s.port.d.e.cfg().Timeouts.Detect)
	s.apply(s.codec.Start())
}

// decide has the codec look at a side's unconsumed bytes until it needs more
// or the session moves on.
func (s *goroutineSession) decide(from *peer, in []byte) {
	state := s.state
	for len(in) > 0 && s.state == state {
		step := s.look(from, in)
		again := step.Action == codecs.Compute || step.Action == codecs.Route
		s.apply(step)
		in = in[step.Consumed:]
		if s.state == Asking {
			in = s.ask(string(step.Resource), in)
		}
		if s.state == Standing {
			state = Standing
		}
		if step.Consumed == 0 && !again {
			break
		}
	}
	from.box.keep(in)
	switch {
	case s.state != state || len(in) == 0 || len(in) < s.port.spec.Front.MaxPending:
	case from == &s.client && s.inCodec(): // it waits for the backend
	case from == &s.client:
		s.fail(tooLong)
	default:
		s.refuse(BackendMalformed, nil)
	}
}

func (s *goroutineSession) look(from *peer, in []byte) codecs.Step {
	if from == &s.client {
		return s.codec.Client(in)
	}
	return s.codec.Backend(in)
}

// apply does what a step says.
func (s *goroutineSession) apply(step codecs.Step) {
	state := s.state
	if step.Action != codecs.RouteKey {
		s.register(step.Key, step.KeyData) // before the client knows it and may use it
	}
	s.send(&s.client, step.ToClient)
	s.send(&s.backend, step.ToBackend)
	if s.state != state {
		return
	}
	switch step.Action {
	case codecs.More:
		if step.Patient && s.state == Detecting && s.within {
			s.patient = true
			s.enter(Detecting, s.port.d.e.cfg().Timeouts.Idle)
		}
	case codecs.Stand:
		s.serveClient()
		if s.state != Standing {
			s.enter(Standing, 0)
			if len(step.ToBackend) > 0 {
				s.track()
			}
		}
	case codecs.Compute:
		step.Work() // nobody else waits for this goroutine
		s.apply(s.codec.(codecs.Computer).Computed())
	case codecs.Route:
		if s.state == Standing {
			s.enter(Asking, 0) // decide goes on
		} else {
			s.routeTo(string(step.Resource))
		}
	case codecs.RouteKey:
		s.routeByKey(s.port.d.e.keys.get(step.Key))
	case codecs.Relay:
		s.serveClient()
		s.beginRelay()
	case codecs.Fail:
		s.fail(step.Failure)
	case codecs.Close:
		s.flushAs(ClientClosed, nil, nil)
	case codecs.StartTLS:
		s.enter(Securing, s.port.d.e.cfg().Timeouts.Handshake)
	case codecs.StartBackendTLS:
		s.enter(SecuringBackend, 0)
		// Its goroutine may wait for bytes in the clear.
		_ = s.backend.conn.SetReadDeadline(wakeUp)
	default:
		s.refuse(InternalError, nil)
	}
}

// serveClient notes that the session has come to be one.
func (s *goroutineSession) serveClient() {
	if !s.served {
		s.served = true
		s.report(upstream.Served)
		s.port.d.e.tracker().put(trackConnect, s.route, s.addr, 0, 0)
	}
}

// send writes b to a side. Only a deadline is dealt with here: a broken side
// is found out by the goroutine that reads from it.
func (s *goroutineSession) send(to *peer, b []byte) {
	if len(b) == 0 {
		return
	}
	if to == &s.backend {
		s.asks()
		if s.state == Standing {
			s.track()
		}
	}
	if _, err := to.conn.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		s.expire()
	}
}

// register makes the session's backend findable by the key it has issued.
func (s *goroutineSession) register(key, data []byte) {
	if len(key) > 0 {
		s.unregister()
		s.key = string(key)
		s.port.d.e.keys.put(s.key, keyIssuer{s.address, s.leg, string(data)})
	}
}

func (s *goroutineSession) unregister() {
	if s.key != "" {
		s.port.d.e.keys.drop(s.key, s.address)
	}
}

func (s *goroutineSession) routeTo(resource string) {
	if !s.within {
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

// open lets the codec open the backend.
func (s *goroutineSession) open() bool {
	s.enter(Opening, s.port.d.e.cfg().Timeouts.Open)
	in := s.client.box.bytes()
	s.openedBy(s.codec.Open(in, s.target(s.route)), in)
	return true
}

// target is what the codec is told of the backend for a route, nil if the
// session is routed by key.
func (s *goroutineSession) target(route *resolve.Route) codecs.Target {
	var target codecs.Target
	if route != nil {
		target.Metadata = route.Metadata
	}
	target.KeyData = s.keyData
	if s.port.spec.Front.Negotiates {
		target.TLS = s.leg.policy()
	}
	if s.port.spec.Front.Addresses {
		target.Client = codecAddress(s.addr)
	}
	return target
}

// openedBy does what the codec's first step with the backend says; in are the
// client's bytes it was given.
func (s *goroutineSession) openedBy(step codecs.Step, in []byte) {
	s.apply(step)
	s.client.box.keep(in[step.Consumed:])
	if s.inCodec() {
		s.decide(&s.client, s.client.box.bytes())
	}
}

// wakeUp is a deadline in the past: it ends a Read that waits.
var wakeUp = time.Unix(1, 0)

// beginRelay drops the codec and has both goroutines relay, beginning with
// what the codec left of their side.
func (s *goroutineSession) beginRelay() {
	s.enter(Relaying, 0)
	_ = s.client.conn.SetReadDeadline(wakeUp)
	_ = s.backend.conn.SetReadDeadline(wakeUp)
	s.dropCodec()
}

// dropCodec lets the codec go, which isn't needed any more.
func (s *goroutineSession) dropCodec() {
	letGo(s.codec)
	s.codec = nil
}

// fail refuses the client for a failure the codec found.
func (s *goroutineSession) fail(f codecs.Failure) {
	s.say(failureReason(f.Kind), f, nil)
}

// refuse ends a session that isn't established, telling the client why in its
// own protocol if there are words for it.
func (s *goroutineSession) refuse(reason Reason, cause error) {
	resource := ""
	if s.route != nil {
		resource = s.route.Resource
	}
	s.refuseFor(reason, resource, cause)
}

// refuseFor is refuse for a session that isn't routed yet.
func (s *goroutineSession) refuseFor(reason Reason, resource string, cause error) {
	failure, speak := reason.failure(resource, cause)
	if !speak {
		s.finish(reason, cause)
		return
	}
	s.say(reason, failure, cause)
}

// say refuses the client with the codec's words for f. The client's goroutine
// then drops what still comes, until EOF or the deadline.
func (s *goroutineSession) say(reason Reason, f codecs.Failure, cause error) {
	words := s.codec.Refuse(nil, f)
	if len(words) == 0 || s.port.d.stopping() {
		s.finish(reason, cause)
		return
	}
	s.flushAs(reason, words, cause)
}

// flushAs closes the client's connection behind its last words.
func (s *goroutineSession) flushAs(reason Reason, words []byte, cause error) {
	s.reason, s.cause = lastly(s.reason, reason), cause
	s.enter(Flushing, s.port.d.e.cfg().Timeouts.Flush)
	if s.backend.conn != nil {
		_ = s.backend.conn.Close()
	}
	_, _ = s.client.conn.Write(words)
	s.client.shutdown()
}
