//go:build linux

package poll

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// call is a handler that is a function.
type call func(events uint32)

func (c call) Ready(events uint32) { c(events) }

// pair returns two connected sockets.
func pair(t *testing.T) (near, far int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fds[1]) })
	return fds[0], fds[1]
}

func newLoop(t *testing.T) *Loop {
	t.Helper()
	l, err := NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Free)
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsFollowInterest(t *testing.T) {
	l := newLoop(t)
	near, far := pair(t)
	var got []uint32
	must(t, l.Add(near, Writable, call(func(e uint32) { got = append(got, e) })))
	must(t, l.Turn(tickLong))
	must(t, l.Modify(near, Readable))
	must(t, l.Turn(0))
	_, err := Write(far, []byte("x"))
	must(t, err)
	must(t, l.Turn(tickLong))
	if len(got) != 2 || got[0] != Writable || got[1] != Readable {
		t.Errorf("events %x, want writable, then nothing, then readable", got)
	}
}

// tickLong is longer than any turn that has an event takes.
const tickLong = 60e9

func TestStaleEventReachesNobody(t *testing.T) {
	l := newLoop(t)
	one, _ := pair(t)
	two, _ := pair(t)
	calls := 0
	// Whichever comes first closes the other, and opens a new socket under
	// its number in the same batch.
	var first, second call
	replace := func(victim int) {
		calls++
		l.Close(victim)
		fresh, err := unix.FcntlInt(uintptr(l.epoll), unix.F_DUPFD_CLOEXEC, victim)
		must(t, err)
		if fresh != victim {
			t.Fatalf("descriptor %d, want %d", fresh, victim)
		}
		l.slots[victim].generation++
		l.slots[victim].handler = call(func(uint32) { t.Error("an event of the closed socket") })
		l.open++
	}
	first = func(uint32) { replace(two) }
	second = func(uint32) { replace(one) }
	must(t, l.Add(one, Writable, first))
	must(t, l.Add(two, Writable, second))
	must(t, l.Turn(tickLong))
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestCloseCounts(t *testing.T) {
	l := newLoop(t)
	near, _ := pair(t)
	must(t, l.Add(near, Readable, call(func(uint32) {})))
	if l.Open() != 1 {
		t.Errorf("open %d, want 1", l.Open())
	}
	l.Close(near)
	if l.Open() != 0 {
		t.Errorf("open %d, want 0", l.Open())
	}
}

func TestConnectFromSource(t *testing.T) {
	listener, addr, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	must(t, err)
	defer unix.Close(listener)
	from := netip.MustParseAddr("127.1.2.3")
	fd, err := Connect(addr, from)
	must(t, err)
	defer unix.Close(fd)
	name, err := unix.Getsockname(fd)
	must(t, err)
	if got := addrPort(name); got.Addr() != from || got.Port() == 0 {
		t.Errorf("connected from %v, want a port of %v", got, from)
	}
}

func TestAcceptSaysWhenThereIsNobody(t *testing.T) {
	listener, _, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	must(t, err)
	defer unix.Close(listener)
	if _, err := Accept(listener); err != unix.EAGAIN {
		t.Errorf("got %v, want EAGAIN", err)
	}
}

func TestListenOnIPv6(t *testing.T) {
	at := netip.MustParseAddrPort("[::1]:0")
	listener, addr, err := Listen(at)
	must(t, err)
	defer unix.Close(listener)
	fd, err := Connect(addr, netip.Addr{})
	must(t, err)
	must(t, unix.Close(fd))
}
