package engine

import "github.com/proxy-engine/proxy-engine/upstream"

var _ secured = (*webSession)(nil)

// secureClient turns the client's connection to TLS.
func (s *webSession) secureClient() {
	w := s.port.w
	s.enter(webSecuring, w.e.cfg().Timeouts.Handshake)
	s.securing = w.secureClient(&s.client, s.port.spec, s.peer, nil, s)
	s.securing.move()
}

// secureBackend turns a fresh connection to the backend to TLS.
func (s *webSession) secureBackend(b *backendTLS) {
	w := s.port.w
	s.enter(webSecuringBackend, w.e.cfg().Timeouts.Handshake)
	l := s.x.link
	s.securing = w.secureBackend(&l.Side, b, s.port.spec, l.to.addr, nil, s)
	s.securing.move()
}

// secured implements secured: a handshake is over.
func (s *webSession) secured(t *securing, err error) {
	s.securing = nil
	switch {
	case s.state == webSecuring && err != nil:
		s.cause = err
		s.end(handshakeReason(err))
	case s.state == webSecuring:
		state := t.hand.Conn().State()
		told := shownBy(&state)
		s.shown = &told
		s.enter(webReading, s.port.w.e.cfg().HTTP.HeadTimeout)
	case err != nil:
		s.backendInsecure(BackendHandshakeFailed, err)
	default:
		s.forward(s.x.link, s.box.bytes())
	}
	s.resume()
}

// backendInsecure answers for a backend whose connection can't be encrypted.
func (s *webSession) backendInsecure(reason Reason, cause error) {
	s.leaveHandshake()
	s.x.link.report(upstream.HandshakeFailed)
	s.x.link.close()
	s.x.link = nil
	s.refuse(reason, cause)
}

// leaveHandshake ends a handshake that nobody waits for any more.
func (s *webSession) leaveHandshake() {
	if s.securing != nil {
		s.securing.cancel()
		s.securing = nil
	}
}
