package engine

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// wire is the connection under a tls.Conn: what the peer has sent before comes
// first, and it remembers whether the peer has closed without close_notify.
type wire struct {
	*net.TCPConn
	first []byte
	ended atomic.Bool
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.first) > 0 {
		n := copy(p, w.first)
		w.first = w.first[n:]
		return n, nil
	}
	n, err := w.TCPConn.Read(p)
	if err == io.EOF {
		w.ended.Store(true)
	}
	return n, err
}

// SetWriteDeadline implements net.Conn. Deadlines are the session's, set at the
// connection below: crypto/tls would give its close_notify five seconds, however
// much a slow peer still has to read before it.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// readError is an error of reading over TLS, which doesn't say by itself which
// of two connections has failed.
type readError struct{ cause error }

// Error implements error.
func (e *readError) Error() string { return e.cause.Error() }

// Unwrap makes it errors.Is's and As's.
func (e *readError) Unwrap() error { return e.cause }

// stream is a connection that may be encrypted.
type stream struct {
	*net.TCPConn
	tls *tls.Conn // nil in the clear
}

// Read implements io.Reader, decrypting. A peer that ends without close_notify
// has failed: somebody may have cut the stream.
func (s *stream) Read(b []byte) (int, error) {
	if s.tls == nil {
		return s.TCPConn.Read(b)
	}
	n, err := s.tls.Read(b)
	switch {
	case err == io.EOF && s.tls.NetConn().(*wire).ended.Load():
		err = &readError{io.ErrUnexpectedEOF}
	case err != nil && err != io.EOF:
		err = &readError{err}
	}
	return n, err
}

// Write implements io.Writer, encrypting.
func (s *stream) Write(b []byte) (int, error) {
	if s.tls == nil {
		return s.TCPConn.Write(b)
	}
	return s.tls.Write(b)
}

// CloseWrite says that nothing more will be sent.
func (s *stream) CloseWrite() error {
	if s.tls != nil {
		_ = s.tls.CloseWrite()
	}
	return s.TCPConn.CloseWrite()
}

// copyTo passes on what comes from s until its end, and says how much as it does.
// The error may be either side's.
func (s *stream) copyTo(to *stream, p *goroutinePort, moved func(n int)) error {
	if s.tls == nil && to.tls == nil {
		return copyPlain(to.TCPConn, s.TCPConn, &p.pieces, moved)
	}
	return copyBuffered(to, s, &p.buffers, moved)
}

// copyBuffered is copyTo by a buffer that is kept.
func copyBuffered(to io.Writer, from io.Reader, buffers *sync.Pool, moved func(n int)) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	_, err := io.CopyBuffer(onlyWriter{to}, countingReader{from, moved}, *buf)
	return err
}

// onlyWriter keeps io.CopyBuffer to its buffer, as countingReader does.
type onlyWriter struct{ io.Writer }

// countingReader says how much is read.
type countingReader struct {
	from  io.Reader
	moved func(n int)
}

// Read implements io.Reader.
func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if n > 0 {
		r.moved(n)
	}
	return n, err
}

// secure turns a leg to TLS if that is what the state says, on the goroutine
// that reads from it.
func (s *goroutineSession) secure(state State, from *peer) {
	switch {
	case state == Securing:
		s.secureClient()
	case state == SecuringBackend && from == &s.backend:
		s.secureBackend()
	}
}

// secureClient turns the client's leg to TLS, beginning with what its box holds,
// and has the codec go on.
func (s *goroutineSession) secureClient() {
	s.mu.Lock()
	defer s.mu.Unlock()
	spec := s.port.spec
	if s.state != Securing {
		s.codec = spec.Front.New()
		s.enter(Securing, s.port.d.e.cfg().Timeouts.Handshake)
	}
	conn := tls.Server(s.client.under(), spec.TLS.Config(spec.Front.ALPN))
	if err := s.unlocked(withClient, conn); s.state != Securing {
		return
	} else if err != nil {
		s.flushAs(handshakeReason(err), nil, err)
		return
	}
	s.client.conn.tls = conn
	state := conn.ConnectionState()
	told := shownBy(&state)
	s.shown = &told
	s.face.secured.Store(true)
	s.enter(Detecting, s.port.d.e.cfg().Timeouts.Detect)
	s.apply(s.securedStep(told.tls))
}

// securedStep is the codec's first step over TLS.
func (s *goroutineSession) securedStep(t codecs.TLS) codecs.Step {
	var step codecs.Step
	if upgrader, wants := s.codec.(codecs.Upgrader); wants {
		step = upgrader.Secured(t)
	}
	if s.port.spec.implicitTLS() {
		return s.codec.Start()
	}
	return step
}

// secureBackend turns the backend's leg to TLS where the codec has asked for it,
// and has the codec go on.
func (s *goroutineSession) secureBackend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.encryptBackend() {
		return
	}
	s.enter(Opening, s.port.d.e.cfg().Timeouts.Open)
	in := s.client.box.bytes()
	s.openedBy(s.codec.(codecs.Upgrader).BackendSecured(in), in)
}

// encryptBackend does the handshake with the backend; false means that the
// session has come to its end.
func (s *goroutineSession) encryptBackend() bool {
	_ = s.backend.conn.SetDeadline(time.Now().Add(s.port.d.e.cfg().Timeouts.Handshake))
	config := s.port.d.e.cfg().TLS.Backends.Config(s.leg.verify, s.leg.name, s.port.spec.Front.ALPN)
	conn := tls.Client(s.backend.under(), config)
	if err := s.unlocked(withBackend, conn); s.state != SecuringBackend {
		return false
	} else if err != nil {
		s.refuse(backendHandshakeReason(err), err)
		return false
	}
	s.backend.conn.tls = conn
	return true
}

// under returns the wire for the side's TLS, and empties its box into it.
func (p *peer) under() *wire {
	w := &wire{TCPConn: p.conn.TCPConn, first: append([]byte(nil), p.box.bytes()...)}
	p.box.drop()
	return w
}

// unlocked does a handshake; mu isn't held meanwhile.
func (s *goroutineSession) unlocked(with handshakeLeg, conn *tls.Conn) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return s.port.d.shake(with, conn)
}

// shake does a handshake when there is room for one more. The deadline, which is
// set, is kept nevertheless: all have the same, and who came first is first.
func (d *goroutineDriver) shake(with handshakeLeg, conn *tls.Conn) error {
	d.handshakes <- struct{}{}
	defer func() { <-d.handshakes }()
	err := conn.Handshake()
	state := conn.ConnectionState()
	d.e.shaken[with].over(err, &state)
	return err
}
