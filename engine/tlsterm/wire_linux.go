package tlsterm

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// wire is what a tls.Conn takes for its connection: the handshake's bytes while
// there is one, then the socket's, on its loop.
type wire struct {
	hand   *Handshake // nil once it is over
	socket *reactor.Conn
	memory *Memory
	left   []byte // what the handshake was fed and didn't read
	ended  bool   // the socket has said EOF
}

var _ net.Conn = (*wire)(nil)

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if w.hand != nil {
		return w.hand.read(p)
	}
	if len(w.left) > 0 {
		return w.readLeft(p), nil
	}
	if !w.socket.Readable() {
		return 0, tryAgain{}
	}
	n, err := w.socket.Read(p)
	switch {
	case errors.Is(err, reactor.ErrWouldBlock):
		return 0, tryAgain{}
	case err == io.EOF:
		w.ended = true
	}
	return n, err
}

func (w *wire) readLeft(p []byte) int {
	n := copy(p, w.left)
	if w.left = w.left[n:]; len(w.left) == 0 {
		w.left = nil
	}
	return n
}

// Write implements net.Conn. It takes everything: what an error would lose,
// crypto/tls would never send again.
func (w *wire) Write(p []byte) (int, error) {
	if w.hand != nil {
		return w.hand.write(p)
	}
	w.memory.out = append(w.memory.out, p...)
	return len(p), nil
}

// Close implements net.Conn; the socket is its owner's.
func (w *wire) Close() error { return nil }

// LocalAddr implements net.Conn.
func (w *wire) LocalAddr() net.Addr { return nil }

// RemoteAddr implements net.Conn. Only a handshake asks.
func (w *wire) RemoteAddr() net.Addr {
	if w.hand == nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(w.hand.peer)
}

// SetDeadline implements net.Conn; deadlines are the session's.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// tryAgain says that the socket has nothing now. crypto/tls takes an error that
// calls itself temporary for the end of this call only and keeps the part of
// the record that it has (readRecordOrCCS in its conn.go).
type tryAgain struct{}

var _ net.Error = tryAgain{}

// Error implements error.
func (tryAgain) Error() string { return "no more bytes now" }

// Timeout implements net.Error.
func (tryAgain) Timeout() bool { return true }

// Temporary implements net.Error.
func (tryAgain) Temporary() bool { return true }
