// Package netnstest runs a package's tests in a network namespace of their own, in
// which they may give themselves any address.
package netnstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// inside is set for the process that runs in the namespace.
const inside = "PROXY_ENGINE_NETNSTEST_INSIDE"

// Inside says whether this process runs in the namespace, which begins with
// nothing in it but a loopback interface that is down.
func Inside() bool { return os.Getenv(inside) != "" }

// Run runs this program again, in a new network namespace, and returns its exit
// code. Who isn't root is, there.
func Run() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "no network namespace:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}
