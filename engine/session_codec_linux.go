package engine

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// stands is the codec's word that the session is established and that it stays
// to look after it.
func (s *session) stands() {
	s.serve()
	if s.state != Standing {
		s.enter(Standing, 0)
	}
}

// checkStanding ends the codec's part when a side has ended: the relay delivers
// what is left and passes on the end.
func (s *session) checkStanding() {
	client, backend := &s.pump.Client, &s.pump.Backend
	if client.Ended() || client.Broken() || backend.Ended() || backend.Broken() {
		s.beginRelay()
		return
	}
	s.rest()
}

// rest keeps no memory for a session that waits for either side.
func (s *session) rest() {
	s.setup.clientBox.release()
	s.setup.backendBox.release()
	// What the codec itself answers (MongoDB's hello) is no use of the resource.
	if s.setup.active && s.track() {
		s.setup.active = false
	}
}

// goOnWith has the codec go on with another resource it has asked for, if that
// is to be had of this backend.
func (s *session) goOnWith(other *resolve.Route) {
	if reason, cause, refused := s.port.w.e.elsewhere(s.port.spec, s.route, other, s.setup.leg); refused {
		s.disown(reason, other.Resource, cause)
		return
	}
	s.enter(Standing, 0)
	box := &s.setup.clientBox
	in := box.bytes()
	step := s.setup.codec.Open(in, s.target(other))
	rest := in[step.Consumed:]
	s.apply(step, box, rest)
	if s.inCodec() {
		box.keep(rest)
	}
}

// disown refuses the client another resource, and resets the backend, which
// has half a request.
func (s *session) disown(reason Reason, resource string, cause error) {
	s.pump.Backend.Conn.Reset()
	s.refuseFor(reason, resource, cause)
}

// compute has work done off the loop, and the codec told. Nothing of either
// side is read meanwhile.
func (s *session) compute(work func()) {
	w, t := s.port.w, s.setup
	t.computing = true
	codec := t.codec
	queued := w.computing.do(func() {
		whole := w.e.survives(work)
		w.loop.Post(func() {
			if s.setup == t && t.codec == codec {
				s.computed(whole)
			} else {
				letGo(codec) // the session couldn't meanwhile
			}
		})
	})
	if !queued {
		t.computing = false
		s.refuse(TooManySessions, nil)
	}
}

// computed lets the codec go on, with what it has left of either side too. whole
// says that its work hasn't panicked.
func (s *session) computed(whole bool) {
	defer s.guard()
	s.setup.computing = false
	if !whole {
		s.finish(Panicked, nil)
		return
	}
	if s.setup.late {
		s.Expire()
		return
	}
	box := &s.setup.clientBox
	s.apply(s.setup.codec.(codecs.Computer).Computed(), box, box.bytes())
	switch {
	case s.state == Detecting && !s.setup.computing:
		s.decide(&s.pump.Client, box, box.bytes())
		s.detect()
	case s.inCodec():
		s.reconsider()
		s.opening()
	}
}
