//go:build linux || darwin

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// raiseDescriptorLimit raises the soft limit to the hard one, and the hard one
// to wanted if that is more and we may. It returns the limit in force.
func raiseDescriptorLimit(wanted uint64) (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	soft := limit.Cur
	if hard := min(wanted, systemLimit()); hard > limit.Max {
		raised := syscall.Rlimit{Cur: hard, Max: hard}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			return hard, nil
		}
	}
	limit.Cur = limit.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		return limit.Cur, nil
	}
	return soft, nil
}

// systemLimit is the most descriptors the kernel gives any process.
func systemLimit() uint64 {
	const fallback = 1 << 20
	text, err := os.ReadFile("/proc/sys/fs/nr_open")
	if err != nil {
		return fallback
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}
