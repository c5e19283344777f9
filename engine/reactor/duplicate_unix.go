//go:build unix

package reactor

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Duplicate returns a file of the same open socket, with a name for it, which is the caller's to
// close. Unlike the File methods of package net's listeners it leaves the socket as it is:
// theirs blocks, and the socket with it, once it is given to another process. Any
// goroutine.
func Duplicate(socket syscall.Conn, name string) (*os.File, error) {
	fd, err := duplicateOf(socket)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func duplicateOf(socket syscall.Conn) (fd int, err error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return -1, err
	}
	if closed := raw.Control(func(s uintptr) { fd, err = duplicate(s) }); closed != nil {
		return -1, closed
	}
	return fd, err
}

func duplicate(fd uintptr) (int, error) {
	dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	return dup, os.NewSyscallError("dup", err)
}
