//go:build linux

// Package link is a connection on an event loop, in the clear or under TLS: the
// same calls, so that who uses it need not know.
//
// Under TLS a connection is crypto/tls over an inner connection that never
// waits. The handshake is a coroutine on the loop's own goroutine, which rests
// whenever bytes are missing; afterwards the loop calls Read and Write of
// crypto/tls itself. There is no other goroutine, lock or channel:
//
//	loop ──Ready──► Conn ──Read, Write──► tls.Conn ──► inner ──► descriptor
//	                     ──Ready────────► coroutine: tls.Conn.Handshake
package link

import (
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// Conn is an open connection. Only the goroutine that turns its loop may use
// it. Its handler passes on events to Ready, and says with Await what it is
// interested in.
type Conn struct {
	loop     *poll.Loop
	fd       int
	interest uint32
	awaited  bool     // it is on the loop
	secure   *session // nil in the clear
}

// New returns a connection of a descriptor that isn't on the loop yet, in the
// clear if t is nil. Close closes the descriptor.
func New(loop *poll.Loop, fd int, t *TLS) *Conn {
	c := &Conn{loop: loop, fd: fd}
	if t != nil {
		c.secure = newSession(t, fd)
	}
	return c
}

// Await has the loop tell h when there is something to read or room to write,
// if that is wanted, and whenever TLS itself has to go on.
func (c *Conn) Await(h poll.Handler, reading, writing bool) error {
	interest := c.interestIn(reading, writing)
	if c.awaited && interest == c.interest {
		return nil
	}
	if err := c.register(h, interest); err != nil {
		return err
	}
	c.awaited, c.interest = true, interest
	return nil
}

// Interest returns what the connection waits for, as Await has it.
func (c *Conn) Interest() uint32 { return c.interest }

func (c *Conn) interestIn(reading, writing bool) uint32 {
	if c.secure != nil {
		reading, writing = c.secure.awaits(reading, writing)
	}
	var interest uint32
	if reading {
		interest |= poll.Readable
	}
	if writing {
		interest |= poll.Writable
	}
	return interest
}

func (c *Conn) register(h poll.Handler, interest uint32) error {
	if c.awaited {
		return c.loop.Modify(c.fd, interest)
	}
	return c.loop.Add(c.fd, interest, h)
}

// Ready is told of the loop's events before anything is read or written for
// them, and returns those that are for the caller. If TLS has failed, the
// connection is readable, and Read says why.
func (c *Conn) Ready(events uint32) uint32 {
	if c.secure == nil {
		return events
	}
	return c.secure.ready(events)
}

// Read reads what is there, at least in part. Zero bytes without an error are
// the end of the stream, unix.EAGAIN says that nothing is there yet. Under TLS b
// has room for MinRead, and other errors may be such as secure.FailureOf knows.
func (c *Conn) Read(b []byte) (int, error) {
	if c.secure == nil {
		return poll.Read(c.fd, b)
	}
	return c.secure.read(b)
}

// Write takes as much of b as there is room for, which may be sent later; with
// unix.EAGAIN nothing was taken, for which being connected is a condition.
func (c *Conn) Write(b []byte) (int, error) {
	if c.secure == nil {
		return poll.Write(c.fd, b)
	}
	return c.secure.write(b)
}

// CloseWrite ends this side's direction, behind what was taken. Under TLS that
// is close_notify alone (RFC 8446 section 6.1).
func (c *Conn) CloseWrite() error {
	if c.secure == nil {
		return poll.CloseWrite(c.fd)
	}
	return c.secure.closeWrite()
}

// Close closes the connection; under TLS it says so first, if there is room.
func (c *Conn) Close() {
	if c.secure != nil {
		c.secure.close()
	}
	if !c.awaited {
		_ = unix.Close(c.fd)
		return
	}
	c.loop.Close(c.fd)
}

// Release ends what there is of the connection besides its descriptor, which
// the loop closes by itself.
func (c *Conn) Release() {
	if c.secure != nil {
		c.secure.stop()
	}
}
