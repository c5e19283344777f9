package upstream

import (
	"fmt"
	"testing"
)

// What all endpoints count together doesn't fall when some of them are forgotten.
func TestAttemptsOfForgottenEndpoints(t *testing.T) {
	var r Registry
	for i := range maxEndpoints + 1 {
		e := r.Acquire(fmt.Sprint("e", i))
		e.Attempted(Connected)
		e.Release(0, 0)
	}
	if known, got := len(r.Stats()), r.Attempts()[Connected]; known != 1 || got != maxEndpoints+1 {
		t.Errorf("%d attempts, %d endpoints known", got, known)
	}
}
