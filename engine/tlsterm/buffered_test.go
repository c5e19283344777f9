package tlsterm

import (
	"io"
	"net"
	"sync"
)

// bufferedPipe is net.Pipe with room for what nobody reads yet, which TLS needs
// where both ends write at once. It works on synctest's clock.
func bufferedPipe() (net.Conn, net.Conn) {
	ab, ba := newStream(), newStream()
	a, b := net.Pipe() // for all but the bytes
	return &bufferedEnd{a, ba, ab}, &bufferedEnd{b, ab, ba}
}

type bufferedEnd struct {
	net.Conn
	in, out *stream
}

func (e *bufferedEnd) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *bufferedEnd) Write(p []byte) (int, error) { return e.out.write(p) }

func (e *bufferedEnd) Close() error {
	e.in.close()
	e.out.close()
	return e.Conn.Close()
}

// stream is one direction.
type stream struct {
	mu     sync.Mutex
	told   sync.Cond
	buf    []byte
	closed bool
}

func newStream() *stream {
	s := &stream{}
	s.told.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.buf) == 0 && !s.closed {
		s.told.Wait()
	}
	if len(s.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.buf)
	s.buf = s.buf[n:]
	return n, nil
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	s.buf = append(s.buf, p...)
	s.told.Broadcast()
	return len(p), nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.told.Broadcast()
}
