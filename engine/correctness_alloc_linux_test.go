package engine_test

import (
	"bytes"
	"net"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// What the event loops allocate is what the whole process does: both peers are
// this goroutine, with bare system calls.

// mallocs returns how many allocations per turn so many turns of fn cost,
// after some to warm up.
func mallocs(turns int, fn func()) float64 {
	for range turns / 10 {
		fn()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range turns {
		fn()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(turns)
}

// barePeers are a client's and a backend's sockets without package net.
type barePeers struct {
	t        *testing.T
	listener int
	proxy    unix.SockaddrInet4
	buf      [64 << 10]byte
}

func startBare(t *testing.T, front codecs.Front) *barePeers {
	t.Helper()
	p := &barePeers{t: t, listener: bareSocket(t)}
	t.Cleanup(func() { unix.Close(p.listener) })
	must(t, unix.Bind(p.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, unix.Listen(p.listener, 16))
	name, err := unix.Getsockname(p.listener)
	must(t, err)
	b := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	e := start(t, engine.Reactor, front, resolve.Fixed(b.String()), func(cfg *engine.Config) { cfg.EventLoops = 1 })
	p.proxy = unix.SockaddrInet4{Addr: e.Addr(listener).Addr().As4(), Port: int(e.Addr(listener).Port())}
	return p
}

func bareSocket(t *testing.T) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	return fd
}

// session connects a client through the proxy to the backend.
func (p *barePeers) session() (client, backend int) {
	client = bareSocket(p.t)
	if err := unix.Connect(client, &p.proxy); err != nil {
		p.t.Fatal(err)
	}
	return client, p.accept()
}

// accept takes a connection of the proxy's at the backend.
func (p *barePeers) accept() int {
	// unix.Accept4 allocates the peer's address.
	fd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(p.listener), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		p.t.Fatal(errno)
	}
	return int(fd)
}

// pass sends n bytes from one socket and receives them at the other.
func (p *barePeers) pass(from, to, n int) {
	p.write(from, p.buf[:n])
	for n > 0 {
		m, err := unix.Read(to, p.buf[:n])
		if m <= 0 {
			p.t.Fatalf("%d bytes are missing: %v", n, err)
		}
		n -= m
	}
}

func (p *barePeers) write(to int, b []byte) {
	if m, err := unix.Write(to, b); m != len(b) {
		p.t.Fatalf("wrote %d of %d bytes: %v", m, len(b), err)
	}
}

// readTo reads a message that ends in end.
func (p *barePeers) readTo(from int, end []byte) {
	for n := 0; ; {
		m, err := unix.Read(from, p.buf[n:])
		if m <= 0 {
			p.t.Fatalf("the end is missing: %v", err)
		}
		if n += m; bytes.HasSuffix(p.buf[:n], end) {
			return
		}
	}
}

// end closes a session, client first.
func (p *barePeers) end(client, backend int) {
	unix.Close(client)
	if n, err := unix.Read(backend, p.buf[:]); n != 0 || err != nil {
		p.t.Fatalf("the backend read %d, %v, want the end", n, err)
	}
	unix.Close(backend)
}

// An established session allocates nothing, whether it copies or splices.
func TestRelayAllocatesNothing(t *testing.T) {
	for name, size := range map[string]int{"small": 1 << 10, "bulk": 64 << 10} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			p := startBare(t, tcp.Front("x"))
			client, backend := p.session()
			defer p.end(client, backend)
			n := mallocs(10_000, func() {
				p.pass(client, backend, size)
				p.pass(backend, client, size)
			})
			// The runtime's own background work is all there may be.
			if n >= 0.01 {
				t.Errorf("%v allocations per exchange", n)
			}
		})
	}
}

// Setting up and ending a session costs few allocations.
func TestSessionAllocations(t *testing.T) {
	const most = 6
	checkLeaks(t)
	p := startBare(t, tcp.Front("x"))
	n := mallocs(2000, func() {
		client, backend := p.session()
		p.pass(client, backend, 100)
		p.pass(backend, client, 100)
		p.end(client, backend)
	})
	t.Logf("%.2f allocations per session", n)
	if n > most {
		t.Errorf("%.2f allocations per session, at most %d are allowed", n, most)
	}
}
