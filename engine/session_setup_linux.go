package engine

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// setupTurn is how many reads one session may do per turn before it relays.
const setupTurn = 16

// detect feeds the client's bytes to the codec until it knows the resource.
func (s *session) detect() {
	client := &s.pump.Client
	for range setupTurn {
		switch {
		case s.state != Detecting || s.setup.computing:
			return
		case client.Ended() || client.Broken():
			s.finish(ClientGone, nil)
			return
		case !client.Flush() || !client.Readable():
			return
		}
		s.listen(client, &s.setup.clientBox)
	}
	client.Conn.Again()
}

// listen reads once from a side and lets the codec decide.
func (s *session) listen(side *relay.Side, box *inbox) {
	buf := s.port.w.loop.Buffer()
	// No codec needs more than MaxPending at once; the rest waits in the
	// kernel, not in a buffer of ours.
	n := side.Receive(buf[:min(len(buf), s.port.spec.Front.MaxPending)])
	s.heard(side, n)
	if n > 0 {
		s.decide(side, box, box.gather(buf[:n]))
	}
}

// decide has the codec look at a side's unconsumed bytes until it needs more
// or the session moves on.
func (s *session) decide(side *relay.Side, box *inbox, in []byte) {
	stood := s.state == Standing
	for len(in) > 0 {
		var step codecs.Step
		if side == &s.pump.Client {
			step = s.setup.codec.Client(in)
		} else {
			step = s.setup.codec.Backend(in)
		}
		rest := in[step.Consumed:]
		s.apply(step, box, rest)
		switch {
		case step.Action == codecs.Route && stood && s.inCodec():
			in = box.bytes() // it may have the other resource as well
			continue
		case step.Action != codecs.More && step.Action != codecs.Stand:
			return
		case step.Consumed == 0:
			box.keep(in)
			s.checkPending(side, len(in))
			return
		}
		in = rest
	}
	box.drop()
}

// checkPending ends a session one side of which makes the codec wait for more
// than may be kept.
func (s *session) checkPending(side *relay.Side, n int) {
	switch {
	case n < s.port.spec.Front.MaxPending || s.state != Detecting && side == &s.pump.Client:
	case side == &s.pump.Client:
		s.fail(tooLong)
	default:
		s.refuse(BackendMalformed, nil)
	}
}

// apply does what a step says. rest are the unconsumed bytes behind it, which
// box keeps if the session moves on.
func (s *session) apply(step codecs.Step, box *inbox, rest []byte) {
	if len(step.Key) > 0 && step.Action != codecs.RouteKey {
		// Before the client knows it and may use it, on any loop.
		s.register(step.Key, step.KeyData)
	}
	s.pump.Client.Send(step.ToClient)
	if len(step.ToBackend) > 0 {
		s.pump.Backend.Send(step.ToBackend)
		s.setup.active = true
		s.asks()
	}
	switch step.Action {
	case codecs.More:
		if step.Patient && s.state == Detecting && s.within() {
			s.setup.patient = true
			s.enter(Detecting, s.port.w.e.cfg().Timeouts.Idle)
		}
	case codecs.Stand:
		s.stands()
	case codecs.Compute:
		box.keep(rest)
		s.compute(step.Work)
	case codecs.Route:
		s.routeTo(step.Resource, box, rest)
	case codecs.RouteKey:
		issuer := s.port.w.e.keys.get(step.Key)
		box.keep(rest)
		s.routeByKey(issuer)
	case codecs.Relay:
		box.keep(rest)
		s.established()
	case codecs.Fail:
		s.fail(step.Failure)
	case codecs.Close:
		s.flushAs(ClientClosed, nil)
	case codecs.StartTLS:
		box.keep(rest)
		s.secureClient()
	case codecs.StartBackendTLS:
		box.keep(rest)
		s.secureBackend()
	default:
		s.refuse(InternalError, nil)
	}
}

// register makes the session's backend findable by the key it has issued.
func (s *session) register(key, data []byte) {
	s.unregister()
	s.key = string(key)
	s.port.w.e.keys.put(s.key, keyIssuer{s.backend, s.setup.leg, string(data)})
}

func (s *session) unregister() {
	if s.key != "" {
		s.port.w.e.keys.drop(s.key, s.backend)
	}
}

// open lets the codec open the backend.
func (s *session) open() {
	s.setup.opened = true
	s.enter(Opening, s.port.w.e.cfg().Timeouts.Open)
	in := s.setup.clientBox.bytes()
	s.openedBy(s.setup.codec.Open(in, s.target(s.route)), in)
}

// target is what the codec is told of the backend for a route, nil if the
// session is routed by key.
func (s *session) target(route *resolve.Route) codecs.Target {
	var target codecs.Target
	if route != nil {
		target.Metadata = route.Metadata
	}
	target.KeyData = s.setup.keyData
	if s.port.spec.Front.Negotiates {
		target.TLS = s.setup.leg.policy()
	}
	if s.port.spec.Front.Addresses {
		target.Client = codecAddress(s.client())
	}
	return target
}

// openedBy does what the codec's first step with the backend says; in are the
// client's bytes it was given.
func (s *session) openedBy(step codecs.Step, in []byte) {
	box := &s.setup.clientBox
	rest := in[step.Consumed:]
	s.apply(step, box, rest)
	if s.inCodec() {
		box.keep(rest)
		s.decide(&s.pump.Client, box, box.bytes())
	}
	if s.inCodec() {
		s.opening()
	}
}

// opening lets the codec listen to both sides, one read at a time, as long as
// neither has bytes waiting.
func (s *session) opening() {
	client, backend := &s.pump.Client, &s.pump.Backend
	for range setupTurn {
		if !s.inCodec() {
			return
		}
		toClient, toBackend := client.Flush(), backend.Flush()
		flushed := toClient && toBackend
		switch {
		case flushed && backend.Readable() && !backend.Ended():
			s.listen(backend, &s.setup.backendBox)
			s.reconsider()
		case flushed && client.Readable() && !client.Ended() && s.hasRoom():
			s.listen(client, &s.setup.clientBox)
			s.reconsider()
		default:
			s.checkEnds()
			return
		}
	}
	if s.state == Opening || s.state == Standing {
		client.Conn.Again()
	}
}

// reconsider has the codec look again at what it has left of either side: it may
// have waited for the other.
func (s *session) reconsider() {
	t := s.setup
	for s.inCodec() && (s.lookAgain(&s.pump.Client, &t.clientBox) || s.lookAgain(&s.pump.Backend, &t.backendBox)) {
	}
}

// inCodec says that the codec passes the bytes of both sides on.
func (s *session) inCodec() bool {
	return (s.state == Opening || s.state == Standing) && !s.setup.computing
}

// lookAgain says whether the codec has consumed something.
func (s *session) lookAgain(side *relay.Side, box *inbox) bool {
	left := len(box.bytes())
	if left == 0 || !s.inCodec() {
		return false
	}
	s.decide(side, box, box.bytes())
	return len(box.bytes()) < left
}

// hasRoom says whether more may be kept of the client: a codec that waits for the
// backend leaves everything.
func (s *session) hasRoom() bool {
	return len(s.setup.clientBox.bytes()) < s.port.spec.Front.MaxPending
}

// checkEnds deals with a side that ends before the codec is done.
func (s *session) checkEnds() {
	if ender, guards := s.setup.codec.(codecs.Ender); guards {
		s.checkGuarded(ender)
		return
	}
	client, backend := &s.pump.Client, &s.pump.Backend
	switch {
	case s.state == Standing:
		s.checkStanding()
	case backend.Ended() && backend.Received() == 0:
		s.refuse(BackendGone, nil)
	case backend.Ended() || backend.Broken() || client.Broken():
		// Whatever it was, its last words are the codec's no more: the relay
		// delivers them and passes on the end.
		s.beginRelay()
	case client.Ended() && len(s.setup.clientBox.bytes()) == 0:
		backend.End()
	}
}

// established is the codec's word that the session stands.
func (s *session) established() {
	s.serve()
	s.beginRelay()
}

// serve notes that the session has come to be one.
func (s *session) serve() {
	if !s.served {
		s.served = true
		s.report(upstream.Served)
		s.port.w.e.tracker().put(trackConnect, s.route, s.client(), 0, 0)
	}
}

// beginRelay drops the codec, passes on what it left and relays.
func (s *session) beginRelay() {
	w, t := s.port.w, s.setup
	s.pump.Backend.Send(t.clientBox.bytes())
	s.pump.Client.Send(t.backendBox.bytes())
	s.relays(len(t.clientBox.bytes()) > 0)
	s.left(w.loop.Now())
	s.state, s.told = Relaying, s.moved()
	s.setup = nil
	w.putSetup(t)
	s.relay()
}
