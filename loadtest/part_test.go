//go:build linux

package loadtest

import (
	"context"
	"errors"
	"testing"
)

func TestOneFailureStopsTheOthers(t *testing.T) {
	broken := errors.New("broken")
	err := each(t.Context(), []bool{false, true, false}, func(ctx context.Context, fails bool) error {
		if fails {
			return broken
		}
		<-ctx.Done()
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
