//go:build linux

package link

import (
	"crypto/tls"
	"net"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

const (
	// readAtOnce is how much is read from a socket at once.
	readAtOnce = 128 << 10
	// recordRoom is the longest part of a record that an earlier read may have
	// left with crypto/tls: a header and a ciphertext of TLS 1.2, which may be
	// longer than those of 1.3 (RFC 5246 section 6.2.3).
	recordRoom = 5 + 16<<10 + 2048
	// MinRead is the room that Conn.Read must have under TLS, so that nothing
	// that came is left where the loop can't see it.
	MinRead = readAtOnce + recordRoom
)

// TLS is what the connections of a loop have in common. Only the goroutine that
// turns the loop may use it.
type TLS struct {
	open        func(net.Conn) *tls.Conn
	established map[secure.Terms]uint64
	in          []byte // what has just been read from a socket
	spare       []byte // for the next who has something to send; may be nil
}

// Client returns the client's side of TLS.
func Client(c *tls.Config) *TLS {
	return newTLS(func(inner net.Conn) *tls.Conn { return tls.Client(inner, c) })
}

// Server returns the server's side of TLS.
func Server(c *tls.Config) *TLS {
	return newTLS(func(inner net.Conn) *tls.Conn { return tls.Server(inner, c) })
}

func newTLS(open func(net.Conn) *tls.Conn) *TLS {
	return &TLS{open: open, established: map[secure.Terms]uint64{}, in: make([]byte, readAtOnce)}
}

// Established counts the handshakes that succeeded, by what was agreed on. The
// caller must not change it.
func (t *TLS) Established() map[secure.Terms]uint64 { return t.established }
