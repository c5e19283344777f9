package reactor

import (
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Dial starts a TCP connection to addr on c without blocking. Connected tells
// whether it stands, at once or when Ready is called. The caller sets the
// timer. If Dial fails, c isn't open.
func (l *Loop) Dial(c *Conn, addr netip.AddrPort, o *SocketOptions, h Handler) error {
	fd, err := stream(addr)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err := o.apply(fd); err != nil {
		_ = unix.Close(fd)
		return err
	}
	err = unix.Connect(fd, l.sockaddr(addr))
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return os.NewSyscallError("connect", err)
	}
	if rerr := l.Register(c, fd, h); rerr != nil {
		return rerr
	}
	c.writable = err == nil
	return nil
}

// stream makes a TCP socket of the address's family.
func stream(addr netip.AddrPort) (int, error) {
	family := unix.AF_INET6
	if addr.Addr().Unmap().Is4() {
		family = unix.AF_INET
	}
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// Connected says whether a dialled connection stands, or why it never will.
// (false, nil) means that it is still on its way. A failed connect always
// comes with EPOLLERR, so success costs no system call.
func (c *Conn) Connected() (bool, error) {
	if !c.failed {
		return c.writable, nil
	}
	if code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
		return false, os.NewSyscallError("connect", unix.Errno(code))
	}
	// Connected, and broken since: the first read tells.
	return true, nil
}

// sockaddr fills one of the loop's two socket addresses.
func (l *Loop) sockaddr(addr netip.AddrPort) unix.Sockaddr {
	ip := addr.Addr().Unmap()
	if ip.Is4() {
		l.sa4.Addr, l.sa4.Port = ip.As4(), int(addr.Port())
		return &l.sa4
	}
	l.sa6.Addr, l.sa6.Port, l.sa6.ZoneId = ip.As16(), int(addr.Port()), zoneIndex(ip.Zone())
	return &l.sa6
}

// apply sets the options on a socket.
func (o *SocketOptions) apply(fd int) error {
	set := func(level, name, value int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, name, value))
	}
	var errs [8]error
	if o.NoDelay {
		errs[0] = set(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if k := o.KeepAlive; k.Idle > 0 {
		errs[1] = set(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
		errs[2] = set(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds(k.Idle))
		errs[3] = set(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, seconds(k.Interval))
		errs[4] = set(unix.IPPROTO_TCP, unix.TCP_KEEPCNT, max(k.Count, 1))
	}
	if o.UserTimeout > 0 {
		errs[5] = set(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(o.UserTimeout.Milliseconds()))
	}
	if o.ReceiveBuffer > 0 {
		errs[6] = set(unix.SOL_SOCKET, unix.SO_RCVBUF, o.ReceiveBuffer)
	}
	if o.SendBuffer > 0 {
		errs[7] = set(unix.SOL_SOCKET, unix.SO_SNDBUF, o.SendBuffer)
	}
	return errors.Join(errs[:]...)
}
