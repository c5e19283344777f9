package engine

import (
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// session is one client's connection and what belongs to it, on one loop. What
// it only needs until the relay begins is in setup, so that an idle session
// consists of little more than its two sockets.
type session struct {
	pump relay.Pump
	port *port
	// setup is nil while relaying, unless the relay is breaking off.
	setup *setup
	// route is nil until resolved, and for a session routed by key. It becomes
	// that of the endpoint that is tried.
	route *resolve.Route
	visit
	resource *upstream.Resource // entered, nil before that
	// backend is the address being dialled or connected, shared with the route.
	backend *netip.AddrPort
	key     string        // registered in the keyring, "" if none
	started time.Duration // since the loop's start
	tracked time.Duration // when the resolver was last told of activity
	told    uint64        // what had moved by then
	links[session]
	addr       netip.Addr // the client's
	clientPort uint16     // likewise
	times      timings
	state      State
	reason     Reason // decided when Flushing begins, or by the first EOF while Relaying
	admission
	served bool // Relaying was reached
	ending bool // reason is decided
	asking bool // the client was the last to say something
}

// setup is what a session needs in the states that have a deadline.
type setup struct {
	codec                 codecs.Codec
	clientBox, backendBox inbox
	timer                 reactor.Timer
	question              *question // valid iff Resolving
	sleeper               *sleeper  // valid iff Waking
	approach              approach
	securing              *securing // valid iff Securing or SecuringBackend
	shown                 *shown    // by the client's TLS, if that stands
	leg                   backendTLS
	local                 netip.AddrPort // where the client went to, by a proxy's word; zero without
	patient               bool           // the codec serves the client itself
	keyData               string         // what was kept with the key the client asked by
	opened                bool           // the codec's Open was called
	ended                 bool           // its ClientEnded was
	computing             bool           // its Work is being done
	late                  bool           // the deadline has passed meanwhile
	active                bool           // the backend was sent something the resolver was not told of
	// deadline is when the last of the backend's addresses must have answered
	// (since the loop's start).
	deadline time.Duration
	// resetting is the side to be reset once it has got its last bytes; nil
	// when Flushing ends with an orderly close.
	resetting *relay.Side
	cause     error
	entered   time.Duration // when the state was (since the loop's start); 0 before any
	asked     time.Duration // when the backend was sent its first byte, likewise
}

// leaveHandshake ends a handshake that nobody waits for any more.
func (t *setup) leaveHandshake() {
	if t.securing != nil {
		t.securing.cancel()
		t.securing = nil
	}
}

// startSession begins the life of an accepted connection.
func startSession(p *port, fd int, client netip.AddrPort) {
	w := p.w
	now := w.loop.Now()
	s := &session{port: p, addr: client.Addr(), clientPort: client.Port(), started: now, tracked: now, admission: w.e.admit(p.spec)}
	defer s.guard()
	s.pump.Init(&w.pipes)
	w.sessions.add(s)
	if err := w.loop.Register(&s.pump.Client.Conn, fd, s); err != nil {
		s.finish(NoDescriptors, err)
		return
	}
	s.setup = w.takeSetup()
	if w.e.cfg().introduces(client.Addr()) {
		s.enter(Introducing, w.e.cfg().Timeouts.Detect)
		s.introduce()
		return
	}
	s.begin()
}

// begin serves a client whose address is known.
func (s *session) begin() {
	e := s.port.w.e
	e.admitOf(s.client(), &s.admission)
	s.setup.codec = s.port.spec.Front.New()
	if s.port.spec.implicitTLS() {
		s.secureClient()
		return
	}
	s.enter(Detecting, e.cfg().Timeouts.Detect)
	s.apply(s.setup.codec.Start(), &s.setup.clientBox, nil)
}

// enter changes the state and starts its deadline.
func (s *session) enter(state State, deadline time.Duration) {
	loop := s.port.w.loop
	if s.state != state || s.setup.entered == 0 {
		now := loop.Now()
		s.left(now)
		s.setup.entered = now
	}
	s.state = state
	if deadline > 0 {
		loop.After(&s.setup.timer, deadline, s)
	} else {
		loop.Disarm(&s.setup.timer)
	}
}

// left notes how long the session was in its state, which it leaves now for another.
func (s *session) left(now time.Duration) {
	s.port.w.phases.left(s.state, s.setup.entered, now)
	s.times.note(s.state, s.setup.entered, now)
}

// client is the client's address.
func (s *session) client() netip.AddrPort { return netip.AddrPortFrom(s.addr, s.clientPort) }

// guard turns a panic into the end of this session alone.
func (s *session) guard() {
	if fault := recover(); fault != nil {
		s.port.w.e.panicked(fault)
		s.finish(Panicked, nil)
	}
}

// Ready implements reactor.Handler.
func (s *session) Ready(c *reactor.Conn) {
	defer s.guard()
	switch s.state {
	case Relaying:
		s.relay()
	case Introducing:
		s.introduce()
	case Securing:
		s.setup.securing.move()
	case Detecting:
		s.detect()
	case SecuringBackend:
		if c == &s.pump.Client.Conn {
			s.checkClient()
		} else {
			s.setup.securing.move()
		}
	case Waking:
		s.checkWaiting()
	case Resolving, Connecting:
		if c == &s.pump.Client.Conn {
			s.checkClient()
		} else {
			s.connecting()
		}
	case Opening, Standing:
		s.opening()
	case Flushing:
		s.flush()
	case Asking, Closed:
	}
}

// Expire implements reactor.Expirer: the state's deadline has passed.
func (s *session) Expire() {
	defer s.guard()
	switch s.state {
	case Introducing:
		s.finish(ProxyHeaderTimeout, nil)
	case Securing:
		s.setup.securing.expire()
		s.finish(HandshakeTimeout, nil)
	case SecuringBackend:
		s.setup.securing.expire()
		s.refuse(BackendHandshakeTimeout, nil)
	case Detecting:
		if s.setup.computing {
			s.setup.late = true // the codec can't say so now
			return
		}
		s.say(detectTimedOut(s.setup.patient))
	case Resolving:
		s.refuseFor(ResolveTimeout, s.setup.question.req.Resource, nil)
	case Waking:
		s.refuse(WakeTimeout, nil)
	case Connecting:
		s.connectFailed(upstream.TimedOut, nil)
	case Opening:
		s.refuse(OpenTimeout, nil)
	case Relaying: // and breaking off, or leaving
		if !s.reason.leaves() {
			s.pump.Client.Conn.Reset()
			s.pump.Backend.Conn.Reset()
		}
		s.finish(s.reason, nil)
	case Flushing:
		s.flushExpired()
	case Asking:
		s.disown(ResolveTimeout, s.setup.question.req.Resource, nil)
	case Standing: // and leaving
		s.finish(s.reason, nil)
	case Closed:
	}
}

// checkClient notices a client that is gone while nobody reads from it. One
// that has merely finished sending is still waiting for its answer.
func (s *session) checkClient() {
	if s.pump.Client.Conn.Failed() {
		s.finish(ClientGone, nil)
	}
}

// relay moves bytes until both sides have ended.
func (s *session) relay() {
	client, backend := s.pump.Client.Received(), s.pump.Backend.Received()
	status := s.pump.Run()
	s.count(s.pump.Client.Received()-client, s.pump.Backend.Received()-backend)
	s.noteFirstEnd()
	s.trackRelay()
	switch status {
	case relay.Done:
		s.finish(s.reason, nil)
	case relay.ClientReset:
		s.passReset(ClientReset, &s.pump.Backend)
	case relay.BackendReset:
		s.passReset(BackendReset, &s.pump.Client)
	case relay.Running:
		if (s.pump.Breaking() || s.reason.leaves()) && s.setup == nil {
			// One side is broken, or told to leave, and the other must still take
			// what it sent: that has a deadline.
			s.setup = s.port.w.takeSetup()
			s.enter(Relaying, s.port.w.e.cfg().Timeouts.Flush)
		}
	}
}

// trackRelay is track for the relay, where whatever moves is use.
func (s *session) trackRelay() {
	if moved := s.moved(); moved != s.told && s.track() {
		s.told = moved
	}
}

// moved is how many bytes have come from either side.
func (s *session) moved() uint64 { return s.pump.Client.Received() + s.pump.Backend.Received() }

// track notes that the session is in use, and tells the resolver, now and then. It says
// whether it has.
func (s *session) track() bool {
	w := s.port.w
	now, interval := w.loop.Began(), w.e.cfg().TrackInterval
	if now-s.tracked < interval {
		return false
	}
	s.tracked = now
	s.resource.Used(w.now(), interval)
	w.e.tracker().put(trackActivity, s.route, s.client(), s.pump.Client.Received(), s.pump.Backend.Received())
	return true
}

// noteFirstEnd remembers which side ended first: it is the session's reason.
func (s *session) noteFirstEnd() {
	if s.ending {
		return
	}
	switch client, backend := &s.pump.Client, &s.pump.Backend; {
	case client.Broken():
		s.reason = ClientReset
	case backend.Broken():
		s.reason = BackendReset
	case client.Ended():
		s.reason = ClientClosed
	case backend.Ended():
		s.reason = BackendClosed
	default:
		return
	}
	s.ending = true
}

// finish closes both sockets and does the accounts. Terminal.
func (s *session) finish(reason Reason, cause error) {
	if s.state == Closed {
		return
	}
	reason = lastly(s.reason, reason)
	w := s.port.w
	now := w.loop.Now()
	if s.setup != nil {
		s.times.note(s.state, s.setup.entered, now)
	}
	end := ending{
		listener: s.port.spec, client: s.client(), admission: s.admission, route: s.route, visit: s.visit, resource: s.resource,
		state: s.state, reason: reason, cause: cause, established: s.served,
		age: now - s.started, times: s.times,
		fromClient: s.pump.Client.Received(), toClient: s.pump.Backend.Received(),
	}
	s.state = Closed
	s.pump.Close()
	s.unregister()
	if end.toClient == 0 {
		delete(w.unanswered, s)
	}
	if s.setup != nil {
		s.leaveWaits()
		s.setup.leaveHandshake()
		w.putSetup(s.setup)
		s.setup = nil
	}
	w.sessions.remove(s)
	w.e.ended(&end)
}
