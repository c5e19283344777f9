//go:build unix

package main

import "syscall"

// statsSignal asks for a line of statistics.
const statsSignal = syscall.SIGUSR1
