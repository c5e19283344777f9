package bench

import (
	"io"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// socket is one end of a session, or where sessions come in. Its calls block
// in the kernel, which wakes it as it would a peer in another process. Package
// net's connections would share the scheduler with the proxy under test, and
// make a goroutine per connection look far cheaper than it is.
type socket int

func newSocket(b *testing.B) socket {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(b, err)
	return socket(fd)
}

// listen takes a free port of the loopback interface.
func listen(b *testing.B) (ln socket, addr netip.AddrPort) {
	ln = newSocket(b)
	b.Cleanup(func() { ln.close(b) })
	loopback := netip.MustParseAddr("127.0.0.1")
	must(b, unix.Bind(int(ln), &unix.SockaddrInet4{Addr: loopback.As4()}))
	must(b, unix.Listen(int(ln), unix.SOMAXCONN))
	name, err := unix.Getsockname(int(ln))
	must(b, err)
	return ln, netip.AddrPortFrom(loopback, uint16(name.(*unix.SockaddrInet4).Port))
}

func (s socket) connect(b *testing.B, to netip.AddrPort) {
	must(b, unix.Connect(int(s), &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}))
}

func (s socket) accept(b *testing.B) socket {
	fd, _, err := unix.Accept4(int(s), unix.SOCK_CLOEXEC)
	must(b, err)
	return socket(fd)
}

func (s socket) close(b *testing.B) { must(b, unix.Close(int(s))) }

// Read returns io.EOF at the end, as an io.Reader does.
func (s socket) Read(buf []byte) (int, error) {
	n, err := unix.Read(int(s), buf)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// Write writes less than buf if a signal of the runtime's comes in between.
func (s socket) Write(buf []byte) (int, error) { return unix.Write(int(s), buf) }

// repeat calls a function on buf until total bytes are dealt with.
func repeat(fn func(buf []byte) (int, error), buf []byte, total int) error {
	for total > 0 {
		n, err := fn(buf[:min(total, len(buf))])
		if err != nil {
			return err
		}
		total -= n
	}
	return nil
}

// sessions are both ends of some sessions, in no common order: the i-th client
// needn't be the i-th backend's.
type sessions struct{ clients, backends []socket }

// connect sets up n sessions.
func (w *way) connect(b *testing.B, n int) *sessions {
	s := &sessions{make([]socket, n), make([]socket, n)}
	for i := range s.clients {
		s.clients[i] = newSocket(b)
		s.clients[i].connect(b, w.target)
	}
	for i := range s.backends {
		s.backends[i] = w.backend.accept(b)
	}
	return s
}

// exchange sends buf to every backend, and then as much to every client.
func (s *sessions) exchange(b *testing.B, buf []byte) {
	pass(b, s.clients, s.backends, buf)
	pass(b, s.backends, s.clients, buf)
}

func pass(b *testing.B, from, to []socket, buf []byte) {
	for _, s := range from {
		must(b, repeat(s.Write, buf, len(buf)))
	}
	for _, s := range to {
		must(b, repeat(s.Read, buf, len(buf)))
	}
}

// end closes the sessions, backends first: the other way round, clients' ports
// would wait for a minute (TIME_WAIT), and new ones take long to find.
func (s *sessions) end(b *testing.B) {
	for _, c := range s.backends {
		c.close(b)
	}
	for _, c := range s.clients {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			b.Fatalf("a client read %d bytes, %v, want the end", n, err)
		}
		c.close(b)
	}
}
