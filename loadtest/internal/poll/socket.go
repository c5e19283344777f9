//go:build linux

package poll

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// backlog is asked for at every listener; the kernel cuts it to
// net.core.somaxconn.
const backlog = 65535

// Listen opens a listener that shares its port with others of this process
// (SO_REUSEPORT), and returns the address it got. Accepted sockets inherit
// TCP_NODELAY from it.
func Listen(at netip.AddrPort) (fd int, bound netip.AddrPort, err error) {
	fd, err = socket(at.Addr())
	if err != nil {
		return -1, netip.AddrPort{}, err
	}
	bound, err = listen(fd, at)
	if err != nil {
		_ = unix.Close(fd)
		return -1, netip.AddrPort{}, err
	}
	return fd, bound, nil
}

func listen(fd int, at netip.AddrPort) (netip.AddrPort, error) {
	for _, option := range []struct{ level, name int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR},
		{unix.SOL_SOCKET, unix.SO_REUSEPORT},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY},
	} {
		if err := unix.SetsockoptInt(fd, option.level, option.name, 1); err != nil {
			return netip.AddrPort{}, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, sockaddr(at)); err != nil {
		return netip.AddrPort{}, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return netip.AddrPort{}, os.NewSyscallError("listen", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	return addrPort(name), nil
}

// Accept takes one connection from a listener. It returns unix.EAGAIN when
// there is none.
func Accept(listener int) (int, error) {
	for {
		// Not unix.Accept4, which allocates an address nobody reads here.
		fd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0,
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR, unix.ECONNABORTED:
			continue
		default:
			return -1, errno
		}
	}
}

// Connect starts a connection to an address without waiting for it. If from is
// valid, it is the source address, and the kernel chooses the port only at
// connect (IP_BIND_ADDRESS_NO_PORT): so each source address has all its ports
// for each destination. Whether the connection came to stand shows in the
// first Write, which returns unix.EAGAIN until then.
func Connect(to netip.AddrPort, from netip.Addr) (int, error) {
	fd, err := socket(to.Addr())
	if err != nil {
		return -1, err
	}
	if err := connect(fd, to, from); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func connect(fd int, to netip.AddrPort, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if from.IsValid() {
		if err := bindSource(fd, from); err != nil {
			return err
		}
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil && err != unix.EINPROGRESS {
		return os.NewSyscallError("connect", err)
	}
	return nil
}

func bindSource(fd int, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))))
}

// Read reads once. Zero bytes without an error are the end of the stream.
func Read(fd int, b []byte) (int, error) { return retry(unix.Read, fd, b) }

// Write writes once, as much as the socket takes.
func Write(fd int, b []byte) (int, error) { return retry(unix.Write, fd, b) }

func retry(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// CloseWrite ends this side's direction and leaves the other open.
func CloseWrite(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR))
}

func socket(addr netip.Addr) (int, error) {
	family := unix.AF_INET6
	if addr.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

func addrPort(s unix.Sockaddr) netip.AddrPort {
	switch s := s.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(s.Addr), uint16(s.Port))
	default:
		return netip.AddrPort{}
	}
}
