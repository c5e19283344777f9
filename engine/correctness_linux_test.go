package engine_test

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine"
)

// The files correctness_*_linux_test.go test both implementations as black
// boxes, over real sockets: each behaviour is one function that eachVariant
// runs for both.

// patience ends a test that hangs, and is every timeout that a test isn't
// about. No outcome depends on its length.
const patience = time.Minute

// TestMain also is the main function of the proxies that tests start as
// processes of their own, see child.
func TestMain(m *testing.M) {
	// The runtime's own descriptors exist before anybody counts.
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close()
	}
	if settings, child := os.LookupEnv(childSettings); child {
		os.Exit(childMain(settings))
	}
	os.Exit(m.Run())
}

// eachVariant runs a behaviour for every implementation, and checks that it
// leaves nothing behind.
func eachVariant(t *testing.T, body func(t *testing.T, impl engine.Impl)) {
	for _, impl := range []engine.Impl{engine.Reactor, engine.Goroutine} {
		t.Run(string(impl), func(t *testing.T) {
			checkLeaks(t)
			body(t, impl)
		})
	}
}

// checkLeaks has the test fail if it leaves a goroutine or a descriptor
// behind. Call it first: what is registered with t.Cleanup later runs earlier.
func checkLeaks(t *testing.T) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	before, err := descriptors()
	must(t, err)
	t.Cleanup(func() {
		goleak.VerifyNone(t, goroutines)
		var left map[string]string
		if !holds(func() bool { left = since(before); return len(left) == 0 }) {
			t.Errorf("descriptors left behind: %v", left)
		}
	})
}

// descriptors returns what this process has open, by number.
func descriptors() (open map[string]string, err error) {
	// Package net keeps its pipes for splice in a sync.Pool, which only the
	// garbage collector empties.
	runtime.GC()
	entries, err := os.ReadDir("/proc/self/fd")
	open = make(map[string]string)
	for _, entry := range entries {
		// The one that lists is closed by now.
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil {
			open[entry.Name()] = to
		}
	}
	return open, err
}

// since returns what is open now and wasn't before.
func since(before map[string]string) map[string]string {
	now, _ := descriptors()
	for number, to := range before {
		if now[number] == to {
			delete(now, number)
		}
	}
	return now
}

// holds waits until cond is true; false means that patience is over.
func holds(cond func() bool) bool {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}

// eventually is holds for what the test can't go on without.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !holds(cond) {
		t.Fatalf("after %v still not: %s", patience, what)
	}
}

// async runs fn and returns where its error will be.
func async(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

// gate returns what to wait for, and what lets everybody through. Defer the
// latter: a test that fails must let its backends end.
func gate() (through <-chan struct{}, open func()) {
	c := make(chan struct{})
	return c, sync.OnceFunc(func() { close(c) })
}
