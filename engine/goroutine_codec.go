package engine

import (
	"errors"
	"os"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
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
		if step.Patient && s.state == Detecting && s.within() {
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
