package reactor

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listen opens a listener on the loop; its connections' peers go to accepted.
func (l *testLoop) listen(at netip.AddrPort, accept AcceptFunc) (ln *Listener, addr netip.AddrPort) {
	l.t.Helper()
	var err error
	l.do(func() {
		if ln, err = l.Listen(at, &ListenOptions{Backlog: 128, ReusePort: true}, accept); err == nil {
			addr, err = ln.Addr()
		}
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return ln, addr
}

// clients connects n times and closes with the test.
func clients(t *testing.T, addr netip.AddrPort, n int) []net.Conn {
	t.Helper()
	all := make([]net.Conn, n)
	for i := range all {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		all[i] = c
	}
	return all
}

func closeAtOnce(fd int, _ netip.AddrPort) { _ = unix.Close(fd) }

// More clients than one turn's budget are all accepted, each with its address.
func TestAcceptAll(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			l := startLoop(t)
			const n = 2*acceptBudget + 5
			peers := make(chan netip.AddrPort, n)
			_, addr := l.listen(netip.AddrPortFrom(netip.MustParseAddr(host), 0), func(fd int, peer netip.AddrPort) {
				closeAtOnce(fd, peer)
				peers <- peer
			})
			want := make(map[netip.AddrPort]bool)
			for _, c := range clients(t, addr, n) {
				want[c.LocalAddr().(*net.TCPAddr).AddrPort()] = true
			}
			for range n {
				if peer := <-peers; !want[peer] {
					t.Fatalf("accepted %v, which is no client of ours or was there before", peer)
				} else {
					delete(want, peer)
				}
			}
		})
	}
}

// A paused listener leaves clients in the backlog until the pause is over.
func TestPauseAccepting(t *testing.T) {
	l := startLoop(t)
	const pause = 3 * tick
	type accepted struct{ at, until time.Duration }
	log := make(chan accepted, 3)
	var ln *Listener
	var until time.Duration
	ln, addr := l.listen(loopback(0), func(fd int, peer netip.AddrPort) {
		closeAtOnce(fd, peer)
		log <- accepted{l.Now(), until}
		until = l.Now() + pause
		ln.rest(pause)
	})
	l.do(func() { clients(t, addr, 3) })
	for range 3 {
		if a := <-log; a.at < a.until {
			t.Errorf("accepted at %v in a pause until %v", a.at, a.until)
		}
	}
}

// Closing takes in who has connected already, and then refuses.
func TestCloseAcceptsWhoIsConnected(t *testing.T) {
	l := startLoop(t)
	const n = 5
	peers := 0
	ln, addr := l.listen(loopback(0), func(fd int, peer netip.AddrPort) {
		closeAtOnce(fd, peer)
		peers++
	})
	l.do(func() {
		clients(t, addr, n)
		ln.Close()
		ln.Close()
		if peers != n {
			t.Errorf("%d clients of %d were accepted", peers, n)
		}
	})
	l.do(func() {}) // the descriptor is closed behind the batch
	if _, err := net.Dial("tcp", addr.String()); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("dialling a closed listener: %v", err)
	}
}

// Out of descriptors, a listener says so and rests; who has waited is accepted
// when there are descriptors again.
func TestAcceptWithoutDescriptors(t *testing.T) {
	l := startLoop(t)
	peers := make(chan netip.AddrPort, 1)
	ln, addr := l.listen(loopback(0), func(fd int, peer netip.AddrPort) {
		closeAtOnce(fd, peer)
		peers <- peer
	})
	var before unix.Rlimit
	times := 0
	l.do(func() {
		ln.Failed = func(err error) {
			if !errors.Is(err, unix.EMFILE) {
				t.Errorf("exhausted by %v", err)
			}
			if times++; times == 2 {
				setLimit(t, before)
			}
		}
		clients(t, addr, 1)
		before = withoutDescriptors(t)
	})
	<-peers
	if times != 2 {
		t.Errorf("Exhausted was called %d times, want 2", times)
	}
}

// withoutDescriptors lowers the limit so that nothing can be opened any more,
// and returns what it was. It is restored with the test in any case.
func withoutDescriptors(t *testing.T) (before unix.Rlimit) {
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { setLimit(t, before) })
	setLimit(t, unix.Rlimit{Cur: 0, Max: before.Max})
	return before
}

// setLimit goes past package syscall, which would keep what it sets for the
// child processes of the test.
func setLimit(t *testing.T, limit unix.Rlimit) {
	if err := unix.Prlimit(0, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Error(err)
	}
}

// Dial and Listen meet on both families.
func TestDial(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			l := startLoop(t)
			l.dialAndGreet(ln.Addr().(*net.TCPAddr).AddrPort())
			c, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
				t.Errorf("heard %q, %v", got, err)
			}
		})
	}
}

func (l *testLoop) dialAndGreet(addr netip.AddrPort) {
	l.do(func() {
		w := &watched{}
		w.ready = func(w *watched) {
			if connected, err := w.Connected(); err != nil {
				l.t.Error(err)
			} else if connected && w.Open() {
				if _, err := w.Write([]byte("hello")); err != nil {
					l.t.Error(err)
				}
				w.Close()
			}
		}
		if err := l.Dial(&w.Conn, addr, &SocketOptions{NoDelay: true}, w); err != nil {
			l.t.Error(err)
		}
	})
}

// Nobody listens: Dial or Connected says so.
func TestDialRefused(t *testing.T) {
	l := startLoop(t)
	ln, addr := l.listen(loopback(0), closeAtOnce)
	l.do(ln.Close)
	failed := make(chan error, 1)
	l.do(func() {
		w := &watched{}
		w.ready = func(w *watched) {
			if _, err := w.Connected(); err != nil {
				w.Close()
				failed <- err
			}
		}
		if err := l.Dial(&w.Conn, addr, &SocketOptions{}, w); err != nil {
			failed <- err
		}
	})
	if err := <-failed; !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("dialling a closed port: %v", err)
	}
}

// Without a descriptor Dial fails at once and leaves nothing open.
func TestDialWithoutDescriptors(t *testing.T) {
	l := startLoop(t)
	l.do(func() {
		before := withoutDescriptors(t)
		defer setLimit(t, before)
		w := &watched{}
		if err := l.Dial(&w.Conn, loopback(1), &SocketOptions{}, w); !errors.Is(err, unix.EMFILE) || w.Open() {
			t.Errorf("Dial returned %v, open: %v", err, w.Open())
		}
	})
}

// Every option reaches the socket, and an accepted one inherits it.
func TestSocketOptions(t *testing.T) {
	l := startLoop(t)
	o := SocketOptions{
		NoDelay:       true,
		KeepAlive:     KeepAlive{Idle: 31 * time.Second, Interval: 11 * time.Second, Count: 4},
		UserTimeout:   61 * time.Second,
		ReceiveBuffer: 40_000,
		SendBuffer:    50_000,
	}
	accepted := make(chan int, 1)
	l.do(func() {
		ln, err := l.Listen(loopback(0), &ListenOptions{SocketOptions: o, Backlog: 1}, func(fd int, _ netip.AddrPort) { accepted <- fd })
		if err != nil {
			t.Error(err)
			return
		}
		addr, _ := ln.Addr()
		w := &watched{ready: func(*watched) {}}
		if err := l.Dial(&w.Conn, addr, &o, w); err != nil {
			t.Error(err)
			return
		}
		checkOptions(t, "dialled", int(w.fd))
	})
	fd := <-accepted
	defer unix.Close(fd)
	checkOptions(t, "accepted", fd)
}

func checkOptions(t *testing.T, what string, fd int) {
	for _, o := range []struct {
		name                string
		level, option, want int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 31},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 11},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 61_000},
		// The kernel doubles both, for its own bookkeeping.
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, 80_000},
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, 100_000},
	} {
		if got, err := syscall.GetsockoptInt(fd, o.level, o.option); got != o.want || err != nil {
			t.Errorf("%s socket: %s is %d (%v), want %d", what, o.name, got, err, o.want)
		}
	}
}
