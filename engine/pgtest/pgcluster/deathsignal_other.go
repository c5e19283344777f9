//go:build unix && !linux

package pgcluster

import "syscall"

// setDeathSignal does nothing: only Linux can.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}
