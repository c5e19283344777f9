//go:build linux

package backend

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/link"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// echo is a connection that gets back what it sends. It reads nothing while
// bytes wait to be sent, so that it holds one buffer at most.
type echo struct {
	w       *worker
	link    *link.Conn
	pending []byte // what the last write left over; nil when there is nothing
}

var (
	_ poll.Handler  = (*echo)(nil)
	_ poll.Releaser = (*echo)(nil)
)

func newEcho(w *worker, fd int) *echo { return &echo{w: w, link: link.New(w.loop, fd, w.tls)} }

func (c *echo) start() error { return c.startAs(c) }

// startAs waits for the first bytes, which are for h. If that fails, the
// descriptor is still open.
func (c *echo) startAs(h poll.Handler) error {
	err := c.link.Await(h, true, false)
	if err != nil {
		c.Release()
	}
	return err
}

// Release implements poll.Releaser.
func (c *echo) Release() { c.link.Release() }

// Ready reads once and sends it back, or sends what was left over.
func (c *echo) Ready(events uint32) {
	c.link.Ready(events)
	if !c.step() {
		c.close()
	}
}

func (c *echo) close() {
	c.link.Close()
	c.w.stats.closed.Add(1)
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
	n, err := c.link.Read(b)
	if n == 0 || err != nil {
		return 0, err == unix.EAGAIN
	}
	c.w.stats.bytes.Add(uint64(n))
	return n, c.send(b[:n])
}

// send writes b and keeps a copy of what is left over.
func (c *echo) send(b []byte) (alive bool) {
	n, err := c.link.Write(b)
	if n < len(b) {
		c.pending = append([]byte(nil), b[n:]...)
	}
	return err == nil || err == unix.EAGAIN
}

// flush writes what was left over.
func (c *echo) flush() (alive bool) {
	n, err := c.link.Write(c.pending)
	c.pending = c.pending[n:]
	if len(c.pending) == 0 {
		c.pending = nil
	}
	return err == nil || err == unix.EAGAIN
}

func (c *echo) want(interest uint32) (alive bool) {
	return c.link.Await(c, interest&poll.Readable != 0, interest&poll.Writable != 0) == nil
}
