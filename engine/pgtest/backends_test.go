package pgtest

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// closedPort is an endpoint that refuses connections, and nobody else's.
func closedPort(t *testing.T) string {
	t.Helper()
	_, endpoint := boundSocket(t)
	return endpoint
}

// blackHole is an endpoint that doesn't answer a connection attempt: its accept
// queue is full, and stays so.
func blackHole(t *testing.T) string {
	t.Helper()
	fd, endpoint := boundSocket(t)
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(t, conn) })
	return endpoint
}

// boundSocket is a socket with a port of its own on the loopback interface.
func boundSocket(t *testing.T) (fd int, endpoint string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	return fd, at.String()
}

// hangsUp is an endpoint that closes every connection without a word.
func hangsUp(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { closeAll(t, ln); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			// Half first: unread bytes would turn the close into a reset.
			_ = conn.(*net.TCPConn).CloseWrite()
			defer conn.Close()
		}
	}()
	return ln.Addr().String()
}
