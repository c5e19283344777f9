//go:build !unix

package main

import "syscall"

// statsSignal is a signal that never comes.
const statsSignal = syscall.Signal(-1)
