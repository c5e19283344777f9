package enginetest

import (
	"net"
	"testing"
)

// Backend is a server that does what the test says, connection by connection.
type Backend struct {
	*net.TCPListener
	t testing.TB
}

// Listen makes a backend, which is closed with the test at the latest.
func Listen(t testing.TB) *Backend {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	Must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	Must(t, l.SetDeadline(Soon()))
	return &Backend{l, t}
}

// Address is where it listens, as "host:port".
func (b *Backend) Address() string { return b.Addr().String() }

// Accept waits for a connection.
func (b *Backend) Accept() *Conn {
	b.t.Helper()
	c, err := b.AcceptTCP()
	Must(b.t, err)
	return NewConn(b.t, c)
}
