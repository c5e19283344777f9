// Package healthtest has backends fail in every way, through the engine: what
// clients are told, when the endpoint's breaker opens and closes, and what active
// checks make of it. The tests run in a network namespace of their own, in which
// packets to one address can be made to vanish.
package healthtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest/netnstest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
)

// farm makes the databases. Set by TestMain, only read by tests.
var farm *pgcluster.Farm

func TestMain(m *testing.M) {
	if !netnstest.Inside() {
		os.Exit(netnstest.Run())
	}
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "healthtest:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if err := digHole(); err != nil {
		return 1, err
	}
	if farm, err = pgcluster.NewFarm(context.Background()); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, farm.Close()) }()
	return m.Run(), nil
}

// The addresses that backends may have. Packets to hole get there only while it
// is this host's.
const (
	here = "127.0.0.1"
	hole = "198.18.0.2"
)

// digHole makes the namespace's interfaces. What is sent over hole0 vanishes:
// nobody at the other end is meant, and nobody is asked who is.
func digHole() error {
	return ip("link set lo up",
		"link add hole0 type veth peer name hole1",
		"addr add 198.18.0.1/24 dev hole0",
		"link set hole0 arp off up",
		"link set hole1 up",
		"addr add "+hole+"/32 dev lo")
}

// ip runs the program of that name.
func ip(commands ...string) error {
	for _, args := range commands {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}
