package enginetest

import (
	"io"
	"testing"
	"time"
)

// Holds waits until cond is true; false means that Patience is over. cond is
// called every few milliseconds, on the caller's goroutine.
func Holds(cond func() bool) bool {
	deadline := time.NewTimer(Patience)
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

// Eventually is Holds for what the test can't go on without.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !Holds(cond) {
		t.Fatalf("after %v still not: %s", Patience, what)
	}
}

// Must is for what a test can't go on without.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// CloseAll closes what must be closed without an error.
func CloseAll(t testing.TB, all ...io.Closer) {
	t.Helper()
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Async runs fn on a goroutine of its own and returns where its error will be.
func Async(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}
