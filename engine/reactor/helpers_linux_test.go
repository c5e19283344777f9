package reactor

import (
	"net"
	"net/netip"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testLoop is a running loop. All that is registered on it is closed with it.
type testLoop struct {
	*Loop
	t     *testing.T
	ended chan error
}

func startLoop(t *testing.T) *testLoop {
	t.Helper()
	loop, err := NewLoop(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	l := &testLoop{Loop: loop, t: t, ended: make(chan error, 1)}
	up := make(chan struct{})
	go func() {
		l.ended <- loop.Run(func() error { close(up); return nil })
	}()
	<-up
	t.Cleanup(l.stop)
	return l
}

func (l *testLoop) stop() {
	l.Stop()
	if err := <-l.ended; err != nil {
		l.t.Error(err)
	}
	l.ended <- nil // stopping twice is fine
}

// do runs fn on the loop and waits for it.
func (l *testLoop) do(fn func()) {
	done := make(chan struct{})
	l.Post(func() { defer close(done); fn() })
	<-done
}

// watched is a connection that tells a function of its readiness.
type watched struct {
	Conn
	ready func(w *watched)
}

func (w *watched) Ready(*Conn) { w.ready(w) }

// watch registers fd on the loop. Call it on the loop.
func (l *testLoop) watch(fd int, ready func(w *watched)) *watched {
	w := &watched{ready: ready}
	if err := l.Register(&w.Conn, fd, w); err != nil {
		l.t.Error(err)
	}
	return w
}

// pair returns two connected sockets; the second is closed with the test. Make
// it before the loop: the loop then ends before that, which is an event too.
func pair(t *testing.T) (ours, theirs int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fds[1]) })
	return fds[0], fds[1]
}

// say writes to a socket that has room.
func say(t *testing.T, fd int, text string) {
	t.Helper()
	if n, err := unix.Write(fd, []byte(text)); n != len(text) {
		t.Errorf("wrote %d of %d bytes: %v", n, len(text), err)
	}
}

// tcpPair returns the loop's end, as a descriptor of its own, and the peer's
// end of a TCP connection.
func tcpPair(t *testing.T) (ours int, theirs *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	return dup(t, accepted.(*net.TCPConn)), conn.(*net.TCPConn)
}

// dup takes a connection out of the runtime's poller.
func dup(t *testing.T, c *net.TCPConn) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := raw.Control(func(n uintptr) { fd, err = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}
