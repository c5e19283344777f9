//go:build unix

package enginetest

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// ClosedPort is an endpoint that refuses connections, and nobody else's.
func ClosedPort(t testing.TB) string {
	t.Helper()
	_, endpoint := boundSocket(t)
	return endpoint
}

// BlackHole is an endpoint that doesn't answer a connection attempt: its accept
// queue is full, and stays so.
func BlackHole(t testing.TB) string {
	t.Helper()
	fd, endpoint := boundSocket(t)
	Must(t, unix.Listen(fd, 0))
	conn, err := net.Dial("tcp", endpoint)
	Must(t, err)
	t.Cleanup(func() { CloseAll(t, conn) })
	return endpoint
}

// boundSocket is a socket with a port of its own on the loopback interface.
func boundSocket(t testing.TB) (fd int, endpoint string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	Must(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	Must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := unix.Getsockname(fd)
	Must(t, err)
	at := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	return fd, at.String()
}
