package pgtest

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
		var left map[string]string
		gone := func() bool {
			// Package net keeps its pipes for splice in a sync.Pool, which is
			// emptied by garbage collections.
			runtime.GC()
			left = newDescriptors(before)
			return len(left) == 0
		}
		if !holds(gone) {
			t.Errorf("descriptors left behind: %v", left)
		}
	})
}

// descriptors returns what is open, by number; nothing where there is no
// /proc to tell.
func descriptors() map[string]string {
	links, _ := filepath.Glob("/proc/self/fd/*") // fails for a malformed pattern only
	open := make(map[string]string)
	for _, link := range links {
		// The one that lists is closed by now.
		if to, err := os.Readlink(link); err == nil {
			open[link] = to
		}
	}
	return open
}

func newDescriptors(before map[string]string) map[string]string {
	now := descriptors()
	for link, to := range before {
		if now[link] == to {
			delete(now, link)
		}
	}
	return now
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

// eventually is holds for what the test can't go on without.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !holds(cond) {
		t.Fatalf("after %v still not: %s", patience, what)
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
