//go:build linux

package backend

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// stall is a connection that nobody serves.
type stall struct {
	w  *worker
	fd int
}

var _ poll.Handler = (*stall)(nil)

func newStall(w *worker, fd int) *stall { return &stall{w, fd} }

// start waits for the client's end (EPOLLRDHUP) besides errors: nothing else
// tells that a client has closed, and connections to clients long gone would
// pile up. Who only ended its side can't be told from who closed.
func (c *stall) start() error { return c.w.loop.Add(c.fd, unix.EPOLLRDHUP, c) }

// Ready is called when the client is gone.
func (c *stall) Ready(uint32) { c.w.close(c.fd) }
