package engine

import "github.com/proxy-engine/proxy-engine/codecs"

// guards says that nothing of the client's gets past the codec.
func (s *goroutineSession) guards() bool {
	_, guards := s.codec.(codecs.Ender)
	return guards
}

// endGuarded is end for such a codec, but for the client's orderly one.
func (s *goroutineSession) endGuarded(from *peer, err error) {
	switch {
	case from == &s.backend && s.state == Opening:
		s.refuse(BackendGone, nil)
	case from == &s.backend && from.ended(err):
		s.flushAs(BackendClosed, from.box.bytes(), nil)
	default:
		s.client.box.drop()
		from.lost = err
		s.beginRelay()
	}
}

// awaitRelay has a client that has finished sending wait for the codec. Its EOF
// is passed on at once, so that a backend doesn't wait for one that gives up its
// login, but not before bytes that the codec hasn't dealt with yet.
func (s *goroutineSession) awaitRelay(eof error) {
	s.client.lost = eof
	s.note(s.client.closed)
	ender, guards := s.codec.(codecs.Ender)
	if guards {
		ender.ClientEnded()
		s.lookAgain(&s.client)
	}
	for s.state == Opening || s.state == SecuringBackend || s.state == Asking || guards && s.state == Standing {
		if s.inCodec() && len(s.client.box.bytes()) == 0 && !s.backend.shut {
			s.backend.shutdown()
		}
		s.moved.Wait()
	}
	if s.state == Standing {
		s.beginRelay()
	}
}
