//go:build linux

package poll

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListenOnADevice(t *testing.T) {
	listener, addr, err := ListenOn(netip.MustParseAddrPort("0.0.0.0:0"), "lo")
	must(t, err)
	defer unix.Close(listener)
	fd, err := Connect(netip.AddrPortFrom(netip.MustParseAddr("127.8.9.10"), addr.Port()), netip.Addr{})
	must(t, err)
	must(t, unix.Close(fd))
	if _, _, err := ListenOn(addr, "no such device"); err == nil {
		t.Error("no error")
	}
}

func TestInheritedTakesListenersOnly(t *testing.T) {
	listener, addr, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	must(t, err)
	defer unix.Close(listener)
	if got, err := Inherited(listener); err != nil || got != addr {
		t.Errorf("%v, %v, want %v", got, err, addr)
	}
	near, _ := pair(t)
	defer unix.Close(near)
	if _, err := Inherited(near); err == nil {
		t.Error("no error for a connection")
	}
	if _, err := Inherited(-1); err == nil {
		t.Error("no error for no descriptor")
	}
}

// TestTransfersOnAnEmptySocket is what tells a socket with nothing to read, or
// no room, from one that has ended.
func TestTransfersOnAnEmptySocket(t *testing.T) {
	near, far := pair(t)
	defer unix.Close(near)
	b := make([]byte, 1<<20)
	if n, err := Read(near, b); n != 0 || err != unix.EAGAIN {
		t.Errorf("nothing there: read %d, %v", n, err)
	}
	n, err := Write(near, b)
	if n == 0 || n == len(b) || err != nil {
		t.Errorf("little room: wrote %d, %v", n, err)
	}
	if n, err := Write(near, b); n != 0 || err != unix.EAGAIN {
		t.Errorf("no room: wrote %d, %v", n, err)
	}
	must(t, CloseWrite(far))
	if n, err := Read(near, b); n != 0 || err != nil {
		t.Errorf("the end: read %d, %v", n, err)
	}
}
