//go:build !unix

package reactor

import (
	"errors"
	"os"
	"syscall"
)

// Duplicate fails: sockets are given to other processes on Unix only.
func Duplicate(syscall.Conn, string) (*os.File, error) { return nil, errors.ErrUnsupported }
