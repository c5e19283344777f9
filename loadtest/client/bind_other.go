//go:build !linux

package client

import "syscall"

// bindWithoutPort does nothing: only Linux has the option.
func bindWithoutPort(_, _ string, _ syscall.RawConn) error { return nil }
