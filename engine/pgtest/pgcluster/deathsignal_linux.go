package pgcluster

import "syscall"

// setDeathSignal has the kernel send a signal to the process when the thread
// that started it is gone.
func setDeathSignal(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
