package tlsterm

import (
	"crypto/tls"
	"io"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// Conn is an established TLS connection on an event loop, the relay.Layer of
// its socket. A Handshake makes it. All methods are for the loop.
type Conn struct {
	tls  *tls.Conn
	wire wire
	// lent is the record buffer while one is needed: between a part of a record
	// and its rest, or while decrypted bytes wait to be read.
	lent []byte
	// buffered: the last Read didn't find out that there is nothing.
	buffered bool
	over     error // the end of reading. crypto/tls doesn't remember each
}

// maxRecords is how many records one Read takes: a read buffer of the smallest
// would keep the loop from others for too long.
const maxRecords = 128

// State returns what the handshake has agreed on.
func (c *Conn) State() tls.ConnectionState { return c.tls.ConnectionState() }

// Read implements relay.Layer. A socket that ends without the peer's
// close_notify is io.ErrUnexpectedEOF: somebody may have cut the stream.
func (c *Conn) Read(p []byte) (int, error) {
	c.wire.memory.reset()
	if c.over != nil {
		return 0, c.over
	}
	c.borrow()
	n, err := c.fill(p)
	c.giveBack()
	_, dry := err.(tryAgain)
	c.buffered = !dry
	if !dry {
		c.over = c.end(err)
	}
	switch {
	case n > 0:
		return n, nil // an error comes next
	case dry:
		return 0, reactor.ErrWouldBlock
	}
	return 0, c.over
}

// fill reads records until p is full, there is no whole one or it is time to
// let others have their turn.
func (c *Conn) fill(p []byte) (n int, err error) {
	for records := 0; n < len(p) && err == nil && records < maxRecords; records++ {
		var record int
		record, err = c.tls.Read(p[n:])
		n += record
	}
	return n, err
}

// end is what an error of crypto/tls's says about the end of the stream.
func (c *Conn) end(err error) error {
	if err == io.EOF && c.wire.ended {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Buffered implements relay.Layer.
func (c *Conn) Buffered() bool { return c.buffered }

// Output implements relay.Layer.
func (c *Conn) Output() []byte { return c.wire.memory.out }

// Seal implements relay.Layer.
func (c *Conn) Seal(p []byte) ([]byte, error) {
	c.wire.memory.reset()
	_, err := c.tls.Write(p)
	return c.wire.memory.out, err
}

// SealEnd implements relay.Layer: close_notify.
func (c *Conn) SealEnd() []byte {
	c.wire.memory.reset()
	_ = c.tls.CloseWrite()
	return c.wire.memory.out
}

// Moved implements relay.Layer.
func (c *Conn) Moved(to *reactor.Conn) { c.wire.socket = to }

// Close implements relay.Layer.
func (c *Conn) Close() { c.abandon() }
