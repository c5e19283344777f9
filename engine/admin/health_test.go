package admin

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A loop that hangs is told of in time, once for all who ask within a while, and so is
// that it doesn't any more.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		asked, hangs := 0, true
		responsive := func(ctx context.Context) bool {
			asked++
			if hangs {
				<-ctx.Done()
			}
			return !hangs
		}
		begun := time.Now()
		for range 10 {
			if h.ask(responsive) {
				t.Error("it hangs, and is well")
			}
		}
		if took := time.Since(begun); asked != 1 || took != healthPatience {
			t.Errorf("asked %d times, which took %v", asked, took)
		}
		hangs = false
		time.Sleep(healthHolds)
		for range 2 {
			if !h.ask(responsive) || asked != 2 {
				t.Errorf("it is well, and isn't; asked %d times", asked)
			}
		}
	})
}
