package engine

import "github.com/proxy-engine/proxy-engine/codecs"

// checkGuarded is checkEnds for a codec that nothing of the client's gets past.
func (s *session) checkGuarded(ender codecs.Ender) {
	client, backend := &s.pump.Client, &s.pump.Backend
	switch {
	case s.state == Opening && (backend.Ended() || backend.Broken()):
		s.refuse(BackendGone, nil)
	case client.Broken() || backend.Broken():
		s.setup.clientBox.drop()
		s.beginRelay()
	case backend.Ended():
		client.Send(s.setup.backendBox.bytes())
		s.flushAs(BackendClosed, nil)
	case client.Ended():
		s.clientEnded(ender)
	case s.state == Standing:
		s.rest()
	}
}

// clientEnded has the codec go on with what the client has said before its end,
// which the backend is told of when that is done.
func (s *session) clientEnded(ender codecs.Ender) {
	t := s.setup
	if !t.ended {
		t.ended = true
		ender.ClientEnded()
		s.decide(&s.pump.Client, &t.clientBox, t.clientBox.bytes())
		s.reconsider()
	}
	if s.inCodec() && len(t.clientBox.bytes()) == 0 {
		s.pump.Backend.End()
	}
}
