package client

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindWithoutPort has the kernel choose the port at connect, when it knows the
// target, not at bind: so each source address has all its ports towards each
// target (IP_BIND_ADDRESS_NO_PORT, see ip(7)).
func bindWithoutPort(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}
