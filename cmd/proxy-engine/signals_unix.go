//go:build unix

package main

import "syscall"

const (
	// statsSignal asks for a line of statistics.
	statsSignal = syscall.SIGUSR1
	// reloadSignal has the settings read again.
	reloadSignal = syscall.SIGHUP
	// upgradeSignal has a new process take over.
	upgradeSignal = syscall.SIGUSR2
)

// closeOnExec keeps a descriptor from programs that this one starts.
func closeOnExec(fd int) { syscall.CloseOnExec(fd) }
