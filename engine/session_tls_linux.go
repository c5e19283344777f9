package engine

import (
	"github.com/proxy-engine/proxy-engine/codecs"
)

var _ secured = (*session)(nil)

// secureClient turns the client's leg to TLS, beginning with what its box
// holds.
func (s *session) secureClient() {
	w, box := s.port.w, &s.setup.clientBox
	s.enter(Securing, w.e.cfg().Timeouts.Handshake)
	s.setup.securing = w.secureClient(&s.pump.Client, s.port.spec, s.client(), box.bytes(), s)
	box.drop()
	s.setup.securing.move()
}

// secureBackend turns the backend's leg to TLS. What its box holds came in the
// clear and is none of what it says within TLS: the handshake is to begin with
// it, and fails.
func (s *session) secureBackend() {
	w, t := s.port.w, s.setup
	s.enter(SecuringBackend, w.e.cfg().Timeouts.Handshake)
	t.securing = w.secureBackend(&s.pump.Backend, &t.leg, s.port.spec, *s.backend, t.backendBox.bytes(), s)
	t.backendBox.drop()
	t.securing.move()
}

// secured implements secured: a handshake is over.
func (s *session) secured(t *securing, err error) {
	s.setup.securing = nil
	switch {
	case s.state == Securing && err != nil:
		s.flushAs(handshakeReason(err), err)
	case s.state == Securing:
		s.clientSecured(t)
	case err != nil:
		s.refuse(BackendHandshakeFailed, err)
	default:
		s.backendSecured()
	}
}

// clientSecured lets the codec go on with decrypted bytes.
func (s *session) clientSecured(t *securing) {
	state := t.hand.Conn().State()
	told := shownBy(&state)
	s.setup.shown = &told
	s.enter(Detecting, s.port.w.e.cfg().Timeouts.Detect)
	box := &s.setup.clientBox
	var step codecs.Step
	if upgrader, wants := s.setup.codec.(codecs.Upgrader); wants {
		step = upgrader.Secured(told.tls)
	}
	if s.port.spec.implicitTLS() {
		step = s.setup.codec.Start()
	}
	s.apply(step, box, nil)
	s.detect()
}

// backendSecured lets the codec open the backend, or go on with that.
func (s *session) backendSecured() {
	if !s.setup.opened {
		s.open()
		return
	}
	s.enter(Opening, s.port.w.e.cfg().Timeouts.Open)
	in := s.setup.clientBox.bytes()
	s.openedBy(s.setup.codec.(codecs.Upgrader).BackendSecured(in), in)
}
