package webtest

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// checkLeaks has the test fail if it leaves a goroutine or a descriptor
// behind. Call it first: what is registered with t.Cleanup later runs earlier.
func checkLeaks(t *testing.T) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	before := descriptors()
	t.Cleanup(func() {
		goleak.VerifyNone(t, goroutines)
		left := 0
		gone := func() bool {
			// Package net keeps its pipes for splice in a sync.Pool, which is
			// emptied by garbage collections.
			runtime.GC()
			left = descriptors() - before
			return left <= 0
		}
		if !holds(gone) {
			t.Errorf("%d descriptors left behind", left)
		}
	})
}

// descriptors returns how many are open; 0 where there is no /proc to tell.
func descriptors() int {
	open, _ := os.ReadDir(filepath.FromSlash("/proc/self/fd")) // missing but on Linux
	return len(open)
}

// holds waits until cond is true; false means that patience is over.
func holds(cond func() bool) bool {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
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

// must is for what a test can't go on without.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func closeAll(t *testing.T, all ...io.Closer) {
	t.Helper()
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
