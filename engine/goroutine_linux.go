package engine

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// socketControl sets options on a socket before it connects or listens, as
// net.Dialer and net.ListenConfig call it.
type socketControl = func(network, address string, c syscall.RawConn) error

// dialControl sets what package net can't.
func dialControl(o *reactor.SocketOptions) socketControl {
	return control(o.UserTimeout, 0, false)
}

// listenControl sets what package net can't. Accepted sockets inherit it.
func listenControl(o *reactor.ListenOptions) socketControl {
	return control(o.UserTimeout, o.DeferAccept, o.ReusePort)
}

// shareAddress has another socket of the same user be opened at an address that overlaps
// this one's.
func shareAddress(socket syscall.Conn) error {
	c, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	return onSocket(c, func(fd int) error { return os.NewSyscallError("setsockopt", reusePort(fd)) })
}

func reusePort(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }

// handListener sets what depends on the protocol of a socket that listens already.
func handListener(ln *net.TCPListener, o *reactor.ListenOptions) error {
	c, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	return onSocket(c, func(fd int) error { return os.NewSyscallError("setsockopt", deferAccept(fd, o.DeferAccept)) })
}

// deferAccept has the kernel wait for a client's first bytes, 0 for not at all.
func deferAccept(fd int, wait time.Duration) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, int((wait+time.Second-1)/time.Second))
}

func control(userTimeout, wait time.Duration, shared bool) socketControl {
	return func(_, _ string, c syscall.RawConn) error {
		return onSocket(c, func(fd int) error {
			var errs [3]error
			if userTimeout > 0 {
				ms := int(userTimeout.Milliseconds())
				errs[0] = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, ms)
			}
			if wait > 0 {
				errs[1] = deferAccept(fd, wait)
			}
			if shared {
				errs[2] = reusePort(fd)
			}
			return os.NewSyscallError("setsockopt", errors.Join(errs[:]...))
		})
	}
}

// onSocket calls fn with the connection's descriptor.
func onSocket(c syscall.RawConn, fn func(fd int) error) (err error) {
	if cerr := c.Control(func(fd uintptr) { err = fn(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

// ask is onSocket for a *net.TCPConn.
func ask(conn *net.TCPConn, fn func(fd int) error) error {
	c, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return onSocket(c, fn)
}

// broken says that a connection is gone: reset, timed out, or ended both ways.
func broken(conn *net.TCPConn) bool {
	err := ask(conn, func(fd int) error {
		_, err := unix.Getpeername(fd)
		return err
	})
	return err == unix.ENOTCONN
}

// unread says that there is something to read: bytes, the end or an error.
func unread(conn *net.TCPConn) bool {
	err := ask(conn, func(fd int) error {
		var one [1]byte
		_, _, err := unix.Recvfrom(fd, one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return err
	})
	return err != unix.EAGAIN
}

// ended says that nothing more will come but what is there already: the peer has
// ended its side, or is gone.
func ended(conn *net.TCPConn) bool {
	gone := false
	err := ask(conn, func(fd int) error {
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		_, err := unix.Poll(events, 0)
		gone = events[0].Revents != 0
		return err
	})
	return gone || err != nil && err != unix.EINTR
}

// sent says that the peer has acknowledged all that was written, or never
// will.
func sent(conn *net.TCPConn) bool {
	unsent := 0
	err := ask(conn, func(fd int) (err error) {
		unsent, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		return err
	})
	return err != nil || unsent == 0 || broken(conn)
}

// awaitSent waits until sent, or the deadline; the kernel has no event for it.
func awaitSent(conn *net.TCPConn, deadline time.Time) {
	for !sent(conn) && time.Now().Before(deadline) {
		time.Sleep(resetPoll)
	}
}
