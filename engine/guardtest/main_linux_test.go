// Package guardtest tests the address guard against the connects that really
// happen: the tests run in a network namespace of their own in which every
// address is this host's, with a backend that accepts at all of them. The
// kernel's count of connects tells whether one was tried.
package guardtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest/netnstest"
)

func TestMain(m *testing.M) {
	if !netnstest.Inside() {
		os.Exit(netnstest.Run())
	}
	if err := ownEveryAddress(); err != nil {
		fmt.Fprintln(os.Stderr, "guardtest:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
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
