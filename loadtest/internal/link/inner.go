//go:build linux

package link

import (
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// inner is what crypto/tls takes for the connection. Reading never waits: an
// error whose Temporary is true leaves crypto/tls as it is, with the part of a
// record it has. Writing always succeeds: any error would be the last of it.
type inner struct {
	fd     int
	shared *TLS
	rest   func() bool // of the coroutine; nil but within it

	input []byte // of TLS.in, what crypto/tls hasn't taken yet
	fault error  // of the last read of the socket: to be told behind the input

	out  []byte // to be sent; nil when nothing is
	sent int    // of out
}

var _ net.Conn = (*inner)(nil)

// fill reads once from the socket, for the reads of crypto/tls that follow.
func (c *inner) fill() {
	n, err := poll.Read(c.fd, c.shared.in)
	if n == 0 && err == nil {
		err = io.EOF
	}
	c.input, c.fault = c.shared.in[:n], err
}

// Read takes from what fill has read or, in a handshake, from the socket.
func (c *inner) Read(b []byte) (int, error) {
	if c.rest != nil {
		return c.readOrRest(b)
	}
	if len(c.input) == 0 {
		if c.fault != nil {
			return 0, c.fault
		}
		return 0, unix.EAGAIN
	}
	n := copy(b, c.input)
	c.input = c.input[n:]
	return n, nil
}

// readOrRest has the coroutine rest until something has come.
func (c *inner) readOrRest(b []byte) (int, error) {
	for {
		broken := c.flush()
		n, err := poll.Read(c.fd, b)
		switch {
		case n == 0 && err == nil:
			return 0, io.EOF
		case err != unix.EAGAIN:
			return n, err
		case broken != nil:
			return 0, broken
		case !c.rest():
			return 0, net.ErrClosed
		}
	}
}

// Write keeps b to be sent with the next flush.
func (c *inner) Write(b []byte) (int, error) {
	if c.out == nil {
		c.out, c.shared.spare = c.shared.spare, nil
	}
	c.out = append(c.out, b...)
	return len(b), nil
}

// waits says whether there is something to be sent.
func (c *inner) waits() bool { return c.sent < len(c.out) }

// flush sends as much as there is room for.
func (c *inner) flush() error {
	if !c.waits() {
		return nil
	}
	n, err := poll.Write(c.fd, c.out[c.sent:])
	c.sent += n
	if err != nil && err != unix.EAGAIN {
		return err
	}
	if !c.waits() {
		c.out, c.shared.spare, c.sent = nil, c.out[:0], 0
	}
	return nil
}

// What crypto/tls might ask of a connection besides means nothing here: it has
// neither deadlines nor, for it, addresses, and closing it is Conn's.

func (c *inner) Close() error                     { return nil }
func (c *inner) LocalAddr() net.Addr              { return nil }
func (c *inner) RemoteAddr() net.Addr             { return nil }
func (c *inner) SetDeadline(time.Time) error      { return nil }
func (c *inner) SetReadDeadline(time.Time) error  { return nil }
func (c *inner) SetWriteDeadline(time.Time) error { return nil }
