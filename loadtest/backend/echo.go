//go:build linux

package backend

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// echo is a connection that gets back what it sends. It reads nothing while
// bytes wait to be sent, so that it holds one buffer at most.
type echo struct {
	w        *worker
	fd       int
	interest uint32
	pending  []byte // what the last write left over; nil when there is nothing
}

var _ poll.Handler = (*echo)(nil)

func newEcho(w *worker, fd int) *echo { return &echo{w: w, fd: fd, interest: poll.Readable} }

func (c *echo) start() error { return c.w.loop.Add(c.fd, c.interest, c) }

// Ready reads once and sends it back, or sends what was left over.
func (c *echo) Ready(uint32) {
	if !c.step() {
		c.w.close(c.fd)
	}
}

func (c *echo) step() (alive bool) {
	if c.pending != nil {
		alive = c.flush()
	} else {
		_, alive = c.bounce(c.w.buf)
	}
	if c.pending != nil {
		return alive && c.want(poll.Writable)
	}
	return alive && c.want(poll.Readable)
}

// bounce reads once into b, which must not be empty, and sends that back. It
// returns the number of bytes read.
func (c *echo) bounce(b []byte) (n int, alive bool) {
	n, err := poll.Read(c.fd, b)
	if n == 0 || err != nil {
		return 0, err == unix.EAGAIN
	}
	c.w.stats.bytes.Add(uint64(n))
	return n, c.send(b[:n])
}

// send writes b and keeps a copy of what is left over.
func (c *echo) send(b []byte) (alive bool) {
	n, err := poll.Write(c.fd, b)
	if n < len(b) {
		c.pending = append([]byte(nil), b[n:]...)
	}
	return err == nil || err == unix.EAGAIN
}

// flush writes what was left over.
func (c *echo) flush() (alive bool) {
	n, err := poll.Write(c.fd, c.pending)
	c.pending = c.pending[n:]
	if len(c.pending) == 0 {
		c.pending = nil
	}
	return err == nil || err == unix.EAGAIN
}

func (c *echo) want(interest uint32) (alive bool) {
	if interest == c.interest {
		return true
	}
	c.interest = interest
	return c.w.loop.Modify(c.fd, interest) == nil
}
