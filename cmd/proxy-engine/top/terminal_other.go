//go:build !unix

package top

import "errors"

// TTY is the terminal that controls the process, which can't be had on this system.
type TTY struct{ Terminal }

// OpenTTY fails: only Once works on this system.
func OpenTTY() (*TTY, error) { return nil, errors.New("no terminal on this system: use --once") }

// Close gives the terminal up.
func (t *TTY) Close() error { return nil }
