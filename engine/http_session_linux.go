package engine

import (
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// webSession is one client's HTTP connection, on one loop. It serves one
// request after the other; what it only needs while there is one is in the
// exchange, so that an idle connection consists of little more than its socket.
type webSession struct {
	client relay.Side
	links[webSession]
	port  *port
	peer  netip.AddrPort
	timer reactor.Timer
	box   inbox // what the client has sent and nobody has consumed yet
	scan  http.Scan
	// x is the request under way; nil while awaiting, reading and from ending on.
	x        *exchange
	securing *securing // nil but in webSecuring and webSecuringBackend
	shown    *shown    // by the client's TLS, nil without
	lastRoute
	started  time.Duration // since the loop's start
	entered  time.Duration // when the state was, likewise; 0 before any
	toClient uint64        // bytes received from backends for it
	requests uint32
	state    webState
	reason   Reason // decided when ending begins, as is cause
	cause    error
	// proxied is where the client went to, by a proxy's word; nil without.
	proxied *netip.AddrPort
	admission
	trusted bool    // the client is a proxy of ours
	times   timings // before the first request
	told    bool    // the line of its last request has the session's reason
	asking  bool    // the client was the last to say something, in another protocol
}

var (
	_ reactor.Handler = (*webSession)(nil)
	_ reactor.Expirer = (*webSession)(nil)
	_ asker           = (*webSession)(nil)
)

// startWebSession begins the life of an accepted HTTP connection.
func startWebSession(p *port, fd int, client netip.AddrPort) {
	w := p.w
	s := &webSession{
		port: p, peer: client, started: w.loop.Now(), admission: w.e.admit(p.spec),
	}
	defer s.guard()
	w.visitors.add(s)
	if err := w.loop.Register(&s.client.Conn, fd, s); err != nil {
		s.finish(NoDescriptors, err)
		return
	}
	if w.e.cfg().introduces(client.Addr()) {
		s.enter(webIntroducing, w.e.cfg().Timeouts.Detect)
		s.introduce()
	} else {
		s.welcome()
	}
	s.resume()
}

// welcome serves a client whose address is known.
func (s *webSession) welcome() {
	e := s.port.w.e
	e.admitOf(s.peer, &s.admission)
	s.trusted = e.cfg().HTTP.trusts(s.peer.Addr())
	if s.port.spec.TLS != nil {
		s.secureClient()
		return
	}
	s.enter(webReading, e.cfg().HTTP.HeadTimeout)
}

// enter changes the state and starts its deadline, 0 for none.
func (s *webSession) enter(state webState, deadline time.Duration) {
	if s.state != state {
		now := s.port.w.loop.Now()
		s.port.w.phases.leftWeb(s.state, s.entered, now)
		s.note(now)
		s.state, s.entered = state, now
	}
	if deadline > 0 {
		s.port.w.loop.After(&s.timer, deadline, s)
	} else {
		s.port.w.loop.Disarm(&s.timer)
	}
}

// note adds the time in the present state to that of the request under way, or of
// the connection before there was one.
func (s *webSession) note(now time.Duration) {
	switch general := s.state.state(); {
	case general == Detecting: // requests that come and go: clients wait with them as they like
	case s.x != nil:
		s.x.times.note(general, s.entered, now)
	case s.state == webIntroducing || s.state == webSecuring:
		s.times.note(general, s.entered, now)
	}
}

// guard turns a panic into the end of this session alone.
func (s *webSession) guard() {
	if fault := recover(); fault != nil {
		s.port.w.e.panicked(fault)
		s.finish(Panicked, nil)
	}
}

// Ready implements reactor.Handler, for the client.
func (s *webSession) Ready(*reactor.Conn) {
	defer s.guard()
	switch s.state {
	case webAwaiting, webReading:
	case webIntroducing:
		s.introduce()
	case webSecuring:
		s.securing.move()
	case webWaking:
		s.checkWaiting()
	case webResolving, webConnecting, webSecuringBackend:
		if s.client.Conn.Failed() {
			s.finish(ClientGone, nil)
		}
	case webExchanging:
		s.move()
	case webDiscarding:
		s.discard()
	case webSwitched:
		s.relay()
	case webEnding:
		s.linger()
	case webEnded:
	}
	s.resume()
}

// resume goes on with the next request, if the session has come to that. It is
// called last wherever something has happened, so that requests that came
// together are served one after the other and not one within the other.
func (s *webSession) resume() {
	s.considerKept()
	if s.state == webAwaiting || s.state == webReading {
		s.read()
	}
}

// backendReady is Ready for the backend.
func (s *webSession) backendReady() {
	defer s.guard()
	switch s.state {
	case webConnecting:
		s.connecting()
	case webSecuringBackend:
		s.securing.move()
	case webExchanging:
		s.move()
	case webSwitched:
		s.relay()
	}
	s.resume()
}

// Expire implements reactor.Expirer: the state's deadline has passed.
func (s *webSession) Expire() {
	defer s.guard()
	switch s.state {
	case webAwaiting:
		s.finish(IdleTimeout, nil)
	case webIntroducing:
		s.finish(ProxyHeaderTimeout, nil)
	case webSecuring:
		s.securing.expire()
		s.finish(HandshakeTimeout, nil)
	case webSecuringBackend:
		s.securing.expire()
		s.backendInsecure(BackendHandshakeTimeout, nil)
	case webReading:
		s.headTimedOut()
	case webResolving:
		s.refuse(ResolveTimeout, nil)
	case webWaking:
		s.refuse(WakeTimeout, nil)
	case webConnecting:
		s.connectTimedOut()
	case webExchanging:
		s.stalled()
	case webDiscarding:
		s.discardStalled()
	case webSwitched, webEnding:
		s.finish(s.reason, s.cause)
	case webEnded:
	}
	s.resume()
}

// headTimedOut tells a client that has begun a request; one that hasn't is
// closed without a word.
func (s *webSession) headTimedOut() {
	if len(s.box.bytes()) == 0 {
		s.finish(DetectTimeout, nil)
		return
	}
	s.reject(http.HeadTimeout, DetectTimeout)
}

// from implements asker.
func (s *webSession) from() (*port, visitor) { return s.port, visitor{s.peer, s.shown} }

// waitsFor implements asker.
func (s *webSession) waitsFor(q *question) { s.x.question = q }

// resolved implements asker.
func (s *webSession) resolved(route *resolve.Route) {
	defer s.guard()
	s.routed(route, s.box.bytes())
	s.resume()
}

// linger reads and drops what the client still sends, until it closes: unread
// bytes would turn the close into a reset that overtakes the last response.
func (s *webSession) linger() {
	if !s.client.Flush() {
		return
	}
	s.client.End()
	if s.client.Waiting() {
		return
	}
	for range setupTurn {
		if s.client.Ended() || s.client.Broken() {
			s.finish(s.reason, s.cause)
			return
		}
		if !s.client.Readable() {
			return
		}
		s.receive(s.port.w.loop.Buffer()[:minReadBuffer])
	}
	s.client.Conn.Again()
}

// end closes the client's connection once it has got everything.
func (s *webSession) end(reason Reason) {
	s.reason, s.told = reason, s.x != nil
	s.dropExchange(reason)
	s.enter(webEnding, s.port.w.e.cfg().Timeouts.Flush)
	s.linger()
}

// drain ends a connection that waits for a next request; others end with the
// request they serve.
func (s *webSession) drain() {
	if s.state == webAwaiting {
		s.end(Drained)
	}
}

// abort closes the client's connection with a reset, so that what it has got of
// a response doesn't seem complete.
func (s *webSession) abort(reason Reason, cause error) {
	s.client.Conn.Reset()
	s.finish(reason, cause)
}

// dropExchange ends the request under way, and with it the use of its backend. The
// reason is that of a response that isn't whole.
func (s *webSession) dropExchange(reason Reason) {
	x := s.x
	if x == nil {
		return
	}
	if x.question != nil {
		x.question.leave(s)
	}
	if x.sleeper != nil {
		x.sleeper.leave()
		x.sleeper = nil
	}
	if x.link != nil {
		x.toClient += x.link.Received() - x.received
		if x.sent {
			x.link.asked += s.requestBytes()
		}
		x.link.close()
	}
	s.toClient += x.toClient
	s.logRequest(reason)
	s.x = nil
	s.port.w.putExchange(x)
}

// logRequest writes the line of the request under way, which ends; reason is that of
// a response that isn't whole.
func (s *webSession) logRequest(reason Reason) {
	x, w := s.x, s.port.w
	now := w.loop.Now()
	s.note(now)
	if !x.refused {
		x.reason = reason
	}
	w.e.log.request(&requestEnding{
		requestRecord: &x.requestRecord, listener: s.port.spec, client: s.peer, resource: x.request.Key(), route: x.route,
		total: now - x.begun, fromClient: s.requestBytes(), toClient: x.toClient,
	})
}

// requestBytes is how much has come of the request under way.
func (s *webSession) requestBytes() uint64 {
	consumed := s.client.Received() - uint64(len(s.box.bytes()))
	return max(consumed-s.x.start, uint64(s.x.size))
}

// finish closes everything and does the accounts. Terminal.
func (s *webSession) finish(reason Reason, cause error) {
	if s.state == webEnded {
		return
	}
	reason = lastly(s.reason, reason)
	w := s.port.w
	s.leaveHandshake()
	s.told = s.told || s.x != nil
	s.dropExchange(reason)
	end := ending{
		listener: s.port.spec, client: s.peer, admission: s.admission, route: s.route, state: s.state.state(), reason: reason, cause: cause,
		age: w.loop.Now() - s.started, times: s.times, web: true, told: s.told,
		fromClient: s.client.Received(), toClient: s.toClient,
	}
	s.depart(w.e, s.route, s.peer, moved{end.fromClient, end.toClient})
	s.enter(webEnded, 0)
	s.client.Close()
	s.box.drop()
	w.visitors.remove(s)
	w.e.ended(&end)
}
