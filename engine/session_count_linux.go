package engine

import "github.com/proxy-engine/proxy-engine/engine/relay"

// heard counts what was read of a side outside the relay. The first bytes of the
// backend end the wait for them.
func (s *session) heard(side *relay.Side, n int) {
	switch {
	case n == 0:
	case side == &s.pump.Client:
		s.asking = true
		s.port.traffic.moved(uint64(n), 0)
	default:
		s.asking = false
		s.port.traffic.moved(0, uint64(n))
		if asked := s.setup.asked; asked > 0 && side.Received() == uint64(n) {
			s.port.traffic.firstByte.observe(s.port.w.loop.Now() - asked)
		}
	}
}

// asks notes that the codec has sent the backend something.
func (s *session) asks() {
	if s.setup.asked == 0 && s.pump.Backend.Received() == 0 {
		s.setup.asked = s.port.w.loop.Now()
	}
}

// relays keeps, of a session that begins to relay, when its backend was asked, as
// long as it has not answered. sent says that it is being sent something now.
func (s *session) relays(sent bool) {
	if s.pump.Backend.Received() > 0 {
		return
	}
	if sent {
		s.asks()
	}
	if asked := s.setup.asked; asked > 0 {
		s.port.w.unanswered[s] = asked
	}
}

// count counts what a turn of the relay has read of either side.
func (s *session) count(fromClient, toClient uint64) {
	s.port.traffic.moved(fromClient, toClient)
	s.asking = asks(s.asking, fromClient, toClient)
	switch received := s.pump.Backend.Received(); {
	case received == 0 && fromClient > 0:
		s.asksFirst()
	case toClient > 0 && toClient == received:
		s.answered()
	}
}

// asksFirst notes the first bytes that the relay sends a backend which has said
// nothing.
func (s *session) asksFirst() {
	w := s.port.w
	if _, waits := w.unanswered[s]; !waits {
		w.unanswered[s] = w.loop.Now()
	}
}

// answered notes the backend's first bytes, if it was asked for them.
func (s *session) answered() {
	w := s.port.w
	if asked, waits := w.unanswered[s]; waits {
		delete(w.unanswered, s)
		s.port.traffic.firstByte.observe(w.loop.Now() - asked)
	}
}
