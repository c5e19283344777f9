//go:build !unix

package main

import "syscall"

// Signals that never come.
const (
	statsSignal   = syscall.Signal(-1)
	reloadSignal  = syscall.Signal(-2)
	upgradeSignal = syscall.Signal(-3)
)

// closeOnExec has nothing to do: no process is given descriptors.
func closeOnExec(int) {}
