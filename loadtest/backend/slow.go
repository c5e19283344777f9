//go:build linux

package backend

import "github.com/proxy-engine/proxy-engine/loadtest/internal/poll"

// slow is an echo that reads no more in each tick than the quota. When it has
// used it up it rests: the kernel isn't asked about it until the next tick.
// One that has nothing to send costs nothing, as with echo.
type slow struct {
	echo
	tick    int64 // in which left was dealt out
	left    int   // of the quota of that tick, in bytes
	resting bool  // in the pacer's list
	closed  bool  // valid if resting, when the list still has it
}

var _ poll.Handler = (*slow)(nil)

func newSlow(w *worker, fd int) *slow {
	return &slow{echo: *newEcho(w, fd), tick: -1}
}

func (c *slow) start() error { return c.startAs(c) }

// Ready goes on, unless the connection rests: then it can only be broken.
func (c *slow) Ready(uint32) {
	if c.resting || !c.step() {
		c.closed = true
		c.close()
	}
}

// resume goes on after a rest.
func (c *slow) resume() {
	c.resting = false
	if !c.closed {
		c.Ready(0)
	}
}

func (c *slow) step() (alive bool) {
	if c.pending != nil {
		return c.flush() && c.settle()
	}
	p := &c.w.pacer
	if c.tick != p.tick {
		c.tick, c.left = p.tick, p.quota
	}
	alive = true
	if c.left > 0 {
		var n int
		n, alive = c.bounce(c.w.buf[:min(c.left, len(c.w.buf))])
		c.left -= n
	}
	return alive && c.settle()
}

// settle decides what the connection waits for.
func (c *slow) settle() (alive bool) {
	switch {
	case c.pending != nil:
		return c.want(poll.Writable)
	case c.left > 0:
		return c.want(poll.Readable)
	default:
		c.w.pacer.rest(c)
		return c.want(0)
	}
}
