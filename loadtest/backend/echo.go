//go:build linux

package backend

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// echo is a connection that gets back what it sends. It reads nothing while
// bytes wait to be sent, so that it holds one buffer at most.
type echo struct {
	w       *worker
	fd      int
	pending []byte // what the last write left over; nil when idle
}

var _ poll.Handler = (*echo)(nil)

// Ready reads once and sends it back, or sends what was left over.
func (c *echo) Ready(events uint32) {
	if c.pending != nil {
		c.flush()
		return
	}
	n, err := poll.Read(c.fd, c.w.buf)
	if err == unix.EAGAIN {
		return
	}
	if n == 0 || err != nil {
		c.w.close(c.fd)
		return
	}
	c.w.stats.bytes.Add(uint64(n))
	c.send(c.w.buf[:n])
}

func (c *echo) send(b []byte) {
	n, err := poll.Write(c.fd, b)
	switch {
	case err != nil && err != unix.EAGAIN:
		c.w.close(c.fd)
	case n < len(b):
		c.pending = append([]byte(nil), b[n:]...)
		c.want(poll.Writable)
	}
}

func (c *echo) flush() {
	n, err := poll.Write(c.fd, c.pending)
	switch {
	case err != nil && err != unix.EAGAIN:
		c.w.close(c.fd)
	case n < len(c.pending):
		c.pending = c.pending[n:]
	default:
		c.pending = nil
		c.want(poll.Readable)
	}
}

func (c *echo) want(interest uint32) {
	if err := c.w.loop.Modify(c.fd, interest); err != nil {
		c.w.close(c.fd)
	}
}
