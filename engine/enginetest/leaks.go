package enginetest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

// CheckLeaks has the test fail if it leaves a goroutine or a descriptor
// behind. Call it first: what is registered with t.Cleanup later runs earlier.
func CheckLeaks(t testing.TB) {
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
			left = descriptorsSince(before)
			return len(left) == 0
		}
		if !Holds(gone) {
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

// descriptorsSince returns what is open now and wasn't before.
func descriptorsSince(before map[string]string) map[string]string {
	now := descriptors()
	for link, to := range before {
		if now[link] == to {
			delete(now, link)
		}
	}
	return now
}
