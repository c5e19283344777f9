//go:build linux

package backend

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// bulk is a connection of Sink or Flood.
type bulk struct {
	w        *worker
	fd       int
	floods   bool // until the client ends its side
	ended    bool // the client has
	sent     uint64
	received stream.Verifier
	trailer  []byte // what is left of it; valid if ended
}

var _ poll.Handler = (*bulk)(nil)

func newBulk(w *worker, fd int) *bulk {
	return &bulk{w: w, fd: fd, floods: w.config.Kind == Flood, received: stream.Verifier{Pattern: w.pattern}}
}

func (c *bulk) start() error {
	interest := uint32(poll.Readable)
	if c.floods {
		interest |= poll.Writable
	}
	return c.w.loop.Add(c.fd, interest, c)
}

// Ready reads one chunk and writes one, whichever is possible.
func (c *bulk) Ready(events uint32) {
	alive := true
	if events&(poll.Readable|poll.Broken) != 0 && !c.ended {
		alive = c.read()
	}
	if alive && (c.ended || events&poll.Writable != 0) {
		alive = c.write()
	}
	if !alive {
		c.w.close(c.fd)
	}
}

func (c *bulk) read() (alive bool) {
	n, err := poll.Read(c.fd, c.w.buf)
	if err != nil {
		return err == unix.EAGAIN
	}
	c.received.Take(c.w.buf[:n])
	c.w.stats.bytes.Add(uint64(n))
	if n == 0 {
		return c.end()
	}
	return true
}

// end is entered once, when the client has ended its side.
func (c *bulk) end() (alive bool) {
	c.ended = true
	c.trailer = stream.Trailer{
		Sent:     c.sent,
		Received: c.received.Received(),
		Wrong:    c.received.Wrong(),
	}.Append(nil)
	return c.w.loop.Modify(c.fd, poll.Writable) == nil
}

func (c *bulk) write() (alive bool) {
	if c.ended {
		return c.writeTrailer()
	}
	n, err := poll.Write(c.fd, c.w.pattern.At(c.sent))
	c.sent += uint64(n)
	return err == nil || err == unix.EAGAIN
}

// writeTrailer reports the connection dead when the trailer is out, so that it
// is closed.
func (c *bulk) writeTrailer() (alive bool) {
	n, err := poll.Write(c.fd, c.trailer)
	c.trailer = c.trailer[n:]
	return len(c.trailer) > 0 && (err == nil || err == unix.EAGAIN)
}
