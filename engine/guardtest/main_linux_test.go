// Package guardtest tests the address guard against the connects that really
// happen: the tests run in a network namespace of their own in which every
// address is this host's, with a backend that accepts at all of them. The
// kernel's count of connects tells whether one was tried.
package guardtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inside is set for the process that runs in the namespace.
const inside = "PROXY_ENGINE_GUARDTEST_INSIDE"

func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		os.Exit(runInside())
	}
	if err := ownEveryAddress(); err != nil {
		fmt.Fprintln(os.Stderr, "guardtest:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// runInside runs this program again, in a new network namespace, and returns its
// exit code. Who isn't root is, there.
func runInside() int {
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
		fmt.Fprintln(os.Stderr, "guardtest: no network namespace:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// ownEveryAddress makes the namespace's loopback interface the place of every
// address there is.
func ownEveryAddress() error {
	for _, args := range []string{
		"link set lo up",
		"route add local 0.0.0.0/1 dev lo",
		"route add local 128.0.0.0/1 dev lo",
		"-6 route add local ::/0 dev lo",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}
