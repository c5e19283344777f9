package reactor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// acceptBudget is how many connections one listener accepts per turn, so
	// that a storm of new clients can't starve established ones.
	acceptBudget = 64
	// failurePause is how long a listener rests when the process or the
	// system is out of descriptors or memory: long enough not to spin, short
	// enough not to be noticed.
	failurePause = 100 * time.Millisecond
	// fullPause is how long a listener rests that may not accept now.
	fullPause = 10 * time.Millisecond
	// maxBacklog is more than any accept queue holds that is worth emptying
	// before a listener closes.
	maxBacklog = 1 << 16
)

// AcceptFunc takes over a new connection's descriptor, on the loop.
type AcceptFunc func(fd int, peer netip.AddrPort)

// Listener accepts connections on one loop. Its methods are for that loop.
type Listener struct {
	conn   Conn
	pause  Timer
	accept AcceptFunc
	// Full, if set, is asked before each accept; true has the listener rest.
	Full func() bool
	// Failed is called, if set, each time accepting fails for want of
	// descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM) or any other
	// cause that isn't the one client's.
	Failed func(err error)
}

// Listen opens a listening socket at addr on the loop. It accepts until Close.
func (l *Loop) Listen(addr netip.AddrPort, o *ListenOptions, accept AcceptFunc) (*Listener, error) {
	fd, err := l.listen(addr, o)
	if err != nil {
		return nil, err
	}
	return l.serve(fd, accept)
}

// Share has this loop accept from the same socket as a listener of another
// loop, which may not be closed meanwhile.
func (l *Loop) Share(other *Listener, accept AcceptFunc) (*Listener, error) {
	fd, err := duplicate(uintptr(other.conn.fd))
	if err != nil {
		return nil, err
	}
	return l.serve(fd, accept)
}

// Adopt has this loop accept from a listening socket that somebody else has
// opened, another process maybe. The file stays the caller's.
func (l *Loop) Adopt(socket *os.File, o *ListenOptions, accept AcceptFunc) (*Listener, error) {
	fd, err := duplicateOf(socket)
	if err != nil {
		return nil, err
	}
	if err := o.adopt(fd); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return l.serve(fd, accept)
}

// adopt sets what may be set on a socket that listens already: that its loops
// don't block, how long its queue is, and what new connections inherit.
func (o *ListenOptions) adopt(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if err := errors.Join(o.apply(fd), o.deferAccept(fd)); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return os.NewSyscallError("listen", unix.Listen(fd, max(o.Backlog, 1)))
}

// deferAccept has the kernel wait for a client's first bytes, or not: with a
// protocol in which the server speaks first it would wait in vain.
func (o *ListenOptions) deferAccept(fd int) error {
	wait := 0
	if o.DeferAccept > 0 {
		wait = seconds(o.DeferAccept)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, wait)
}

// File returns a duplicate of the socket with a name for it, which is the caller's
// to close.
func (ln *Listener) File(name string) (*os.File, error) {
	fd, err := duplicate(uintptr(ln.conn.fd))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// ShareAddress has another socket of the same user be opened at an address that overlaps
// the listener's, which otherwise only ListenOptions.ReusePort does.
func (ln *Listener) ShareAddress() error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(ln.conn.fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

// Hand has somebody else take the connections over from now on, of whose protocol
// the options are.
func (ln *Listener) Hand(o *ListenOptions, accept AcceptFunc) error {
	ln.accept = accept
	return os.NewSyscallError("setsockopt", o.deferAccept(int(ln.conn.fd)))
}

func (l *Loop) serve(fd int, accept AcceptFunc) (*Listener, error) {
	ln := &Listener{accept: accept}
	if err := l.Register(&ln.conn, fd, ln); err != nil {
		return nil, err
	}
	return ln, nil
}

// listen opens the socket. The unspecified IPv6 address means every address of
// both families, and IPv4's alone where the kernel has no IPv6.
func (l *Loop) listen(addr netip.AddrPort, o *ListenOptions) (int, error) {
	fd, err := stream(addr)
	if err == unix.EAFNOSUPPORT && addr.Addr() == netip.IPv6Unspecified() {
		addr = netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())
		fd, err = stream(addr)
	}
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := l.bind(fd, addr, o); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (l *Loop) bind(fd int, addr netip.AddrPort, o *ListenOptions) error {
	errs := []error{
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		o.apply(fd),
	}
	if addr.Addr() == netip.IPv6Unspecified() {
		errs = append(errs, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
	}
	if o.ReusePort {
		errs = append(errs, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	}
	if o.DeferAccept > 0 {
		errs = append(errs, o.deferAccept(fd))
	}
	if err := errors.Join(errs...); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, l.sockaddr(addr)); err != nil {
		return os.NewSyscallError("bind", err)
	}
	return os.NewSyscallError("listen", unix.Listen(fd, max(o.Backlog, 1)))
}

// Addr returns the address the listener is bound to.
func (ln *Listener) Addr() (netip.AddrPort, error) { return ln.conn.LocalAddr() }

// LocalAddr returns the address of this end of the connection.
func (c *Conn) LocalAddr() (netip.AddrPort, error) {
	sa, err := unix.Getsockname(int(c.fd))
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)), nil
	}
	return netip.AddrPort{}, os.NewSyscallError("getsockname", unix.EAFNOSUPPORT)
}

// Ready accepts up to the budget; it implements Handler.
func (ln *Listener) Ready(c *Conn) {
	for range acceptBudget {
		if !c.Open() || !c.readable || ln.pause.Armed() {
			return
		}
		ln.acceptOne()
	}
	c.Again()
}

func (ln *Listener) acceptOne() {
	if ln.Full != nil && ln.Full() {
		ln.rest(fullPause)
		return
	}
	fd, peer, err := ln.conn.loop.accept4(int(ln.conn.fd))
	switch err {
	case nil:
		ln.accept(fd, peer)
	case unix.EAGAIN:
		ln.conn.readable = false
	case unix.EINTR, unix.ECONNABORTED, unix.ENETDOWN, unix.EPROTO, unix.ENOPROTOOPT, unix.EHOSTDOWN,
		unix.ENONET, unix.EHOSTUNREACH, unix.EOPNOTSUPP, unix.ENETUNREACH:
		// accept(2): this client is gone, the next may be well.
	default:
		if ln.Failed != nil {
			ln.Failed(err)
		}
		ln.rest(failurePause)
	}
}

// rest stops accepting for d; new clients wait in the backlog.
func (ln *Listener) rest(d time.Duration) { ln.conn.loop.After(&ln.pause, d, ln) }

// Expire ends a rest; it implements Expirer.
func (ln *Listener) Expire() { ln.Ready(&ln.conn) }

// Close stops listening. Connections the kernel has already completed are
// accepted first, so that nobody is turned away after a successful connect.
func (ln *Listener) Close() {
	ln.conn.loop.Disarm(&ln.pause)
	ln.conn.readable = true
	for range maxBacklog {
		if !ln.conn.Open() || !ln.conn.readable || ln.pause.Armed() {
			break
		}
		ln.acceptOne()
	}
	ln.conn.loop.Disarm(&ln.pause)
	if ln.conn.Open() {
		// A shared socket lives on, in other loops or another process, and its events
		// with it.
		_ = ln.conn.loop.poller.Delete(int(ln.conn.fd))
	}
	ln.conn.Close()
}

// accept4 is accept4(2) without the allocations of unix.Accept4.
func (l *Loop) accept4(fd int) (int, netip.AddrPort, error) {
	size := uint32(unsafe.Sizeof(l.saRaw))
	nfd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&l.saRaw)),
		uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, netip.AddrPort{}, errno
	}
	return int(nfd), addrPort(&l.saRaw), nil
}

// addrPort decodes a socket address as the kernel wrote it: the port is in
// network order in both families.
func addrPort(raw *unix.RawSockaddrAny) netip.AddrPort {
	port := func(p uint16) uint16 {
		b := (*[2]byte)(unsafe.Pointer(&p))
		return uint16(b[0])<<8 | uint16(b[1])
	}
	switch raw.Addr.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(raw))
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), port(sa.Port))
	case unix.AF_INET6:
		sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(raw))
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), port(sa.Port))
	}
	return netip.AddrPort{}
}

// zoneIndex turns an IPv6 zone into an interface index, 0 if there is none.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0
	}
	return uint32(ifi.Index)
}

// seconds rounds up to whole seconds, at least one: what the kernel takes.
func seconds(d time.Duration) int {
	return max(int((d+time.Second-1)/time.Second), 1)
}
