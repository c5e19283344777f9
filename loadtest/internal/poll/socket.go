//go:build linux

package poll

import (
	"fmt"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// backlog is asked for at every listener; the kernel cuts it to
// net.core.somaxconn.
const backlog = 65535

// Listen opens a listener that shares its port with others of this process
// (SO_REUSEPORT), and returns the address it got. Accepted sockets inherit
// TCP_NODELAY from it.
func Listen(at netip.AddrPort) (fd int, bound netip.AddrPort, err error) {
	return ListenOn(at, "")
}

// ListenOn is Listen for connections that come in through one network device;
// an empty name means any. It needs no privilege since Linux 5.7.
func ListenOn(at netip.AddrPort, device string) (fd int, bound netip.AddrPort, err error) {
	fd, err = socket(at.Addr())
	if err != nil {
		return -1, netip.AddrPort{}, err
	}
	bound, err = listen(fd, at, device)
	if err != nil {
		_ = unix.Close(fd)
		return -1, netip.AddrPort{}, err
	}
	return fd, bound, nil
}

func listen(fd int, at netip.AddrPort, device string) (netip.AddrPort, error) {
	for _, option := range []struct{ level, name int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR},
		{unix.SOL_SOCKET, unix.SO_REUSEPORT},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY},
	} {
		if err := unix.SetsockoptInt(fd, option.level, option.name, 1); err != nil {
			return netip.AddrPort{}, os.NewSyscallError("setsockopt", err)
		}
	}
	if device != "" {
		if err := unix.BindToDevice(fd, device); err != nil {
			return netip.AddrPort{}, os.NewSyscallError("binding to the device "+device, err)
		}
	}
	if err := unix.Bind(fd, sockaddr(at)); err != nil {
		return netip.AddrPort{}, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return netip.AddrPort{}, os.NewSyscallError("listen", err)
	}
	return localAddr(fd)
}

// Inherited takes over a listener that the parent process opened with Listen
// or ListenOn, and returns where it listens. It is an error if the descriptor
// is anything else; it is left alone then.
func Inherited(fd int) (netip.AddrPort, error) {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == nil && listens == 0 {
		err = unix.EINVAL
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("descriptor %d is no listening socket: %w", fd, err)
	}
	unix.CloseOnExec(fd)
	return localAddr(fd)
}

func localAddr(fd int) (netip.AddrPort, error) {
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

// Read reads once, from a non-blocking descriptor. Zero bytes without an error
// are the end of the stream; unix.EAGAIN says that nothing is there yet.
func Read(fd int, b []byte) (int, error) { return transfer(unix.SYS_READ, fd, b) }

// Write writes once, as much as a non-blocking descriptor takes.
func Write(fd int, b []byte) (int, error) { return transfer(unix.SYS_WRITE, fd, b) }

// transfer makes the call without telling the scheduler, as unix.Read would:
// that prepares for a call that blocks, which none on a non-blocking descriptor
// does. It costs a good part of what a small exchange costs in user space;
// without it exchanges of 1 KiB are about 8 % faster.
func transfer(call uintptr, fd int, b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		default:
			return 0, errno
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
