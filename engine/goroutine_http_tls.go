package engine

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// secure turns the client's connection to TLS, where that is spoken; false means
// that the session has come to its end.
func (s *goroutineWeb) secure() bool {
	spec, d := s.port.spec, s.port.d
	if spec.TLS == nil {
		return true
	}
	s.become(webSecuring)
	s.deadline(d.e.cfg().Timeouts.Handshake)
	conn := tls.Server(&wire{TCPConn: s.conn.TCPConn}, spec.TLS.Config(spec.Front.ALPN))
	if err := d.shake(withClient, conn); err != nil {
		s.insecure(err)
		return false
	}
	s.conn.tls = conn
	state := conn.ConnectionState()
	told := shownBy(&state)
	s.shown = &told
	s.face.secured.Store(true)
	s.become(webReading)
	return true
}

// insecure ends a session whose handshake has failed; crypto/tls has sent an
// alert, but to those who don't speak TLS at all.
func (s *goroutineWeb) insecure(err error) {
	if foreign := (tls.RecordHeaderError{}); errors.As(err, &foreign) {
		_, _ = s.conn.Write(plainHTTP(s.port.spec, foreign.RecordHeader[:]))
	}
	s.reason, s.cause = handshakeReason(err), err
	s.linger()
}

// secure turns a fresh connection to the backend to TLS, if that is how it is
// to be.
func (r *goroutineExchange) secure(leg backendTLS) error {
	if leg.verify == tlsterm.Off {
		return nil
	}
	s, l := r.s, r.link
	s.become(webSecuringBackend)
	e := s.port.d.e
	_ = l.conn.SetDeadline(time.Now().Add(e.cfg().Timeouts.Handshake))
	conn := tls.Client(&wire{TCPConn: l.conn.TCPConn}, e.cfg().TLS.Backends.Config(leg.verify, leg.name, s.port.spec.Front.ALPN))
	if err := s.port.d.shake(withBackend, conn); err != nil {
		return err
	}
	_ = l.conn.SetDeadline(time.Time{})
	l.conn.tls = conn
	return nil
}
