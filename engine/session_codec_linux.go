package engine

import "github.com/proxy-engine/proxy-engine/codecs"

// stands is the codec's word that the session is established and that it stays
// to look after it.
func (s *session) stands() {
	s.serve()
	if s.state != Standing {
		s.enter(Standing, 0)
	}
}

// checkStanding ends the codec's part when a side has ended: the relay delivers
// what is left and passes on the end. One that merely rests keeps no memory.
func (s *session) checkStanding() {
	client, backend := &s.pump.Client, &s.pump.Backend
	if client.Ended() || client.Broken() || backend.Ended() || backend.Broken() {
		s.beginRelay()
		return
	}
	s.setup.clientBox.release()
	s.setup.backendBox.release()
	if s.port.w.e.tracker != nil {
		s.track()
	}
}

// compute has work done off the loop, and the codec told. Nothing of either
// side is read meanwhile.
func (s *session) compute(work func()) {
	w, t := s.port.w, s.setup
	t.computing = true
	codec := t.codec
	done := func() {
		if s.setup == t && t.codec == codec {
			s.computed()
		}
	}
	if !w.computing.do(func() { work(); w.loop.Post(done) }) {
		s.refuse(TooManySessions, nil)
	}
}

// computed lets the codec go on.
func (s *session) computed() {
	defer s.guard()
	s.setup.computing = false
	box := &s.setup.clientBox
	state := s.state
	s.apply(s.setup.codec.(codecs.Computer).Computed(), box, box.bytes())
	if s.state == state && !s.setup.computing {
		s.decide(&s.pump.Client, box, box.bytes())
	}
	switch s.state {
	case Detecting:
		s.detect()
	case Opening, Standing:
		s.opening()
	}
}
