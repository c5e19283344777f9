//go:build linux

package loadtest

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// part is one process's share of a load.
type part interface {
	// do runs one phase on all its loops to the end, or until ctx ends.
	do(ctx context.Context, p phase, span window) error
	// progress may be called from any goroutine.
	progress() report.Progress
	// counts returns what was counted; no phase follows.
	counts() (*report.Counts, error)
	free()
}

// loops is a part whose workers run in this process, each on a goroutine of
// its own while a phase lasts.
type loops []worker

var _ part = loops(nil)

// newLoops makes the process's workers. first is the seat of the first of them.
func newLoops(l load, first seat, n int) (loops, error) {
	var ws loops
	for i := range n {
		w, err := l.worker(seat{first.number + i, first.of})
		if err != nil {
			ws.free()
			return nil, err
		}
		ws = append(ws, w)
	}
	return ws, nil
}

func (ws loops) do(ctx context.Context, p phase, span window) error {
	return each(ctx, ws, func(ctx context.Context, w worker) error { return w.do(ctx, p, span) })
}

func (ws loops) progress() report.Progress {
	var sum report.Progress
	for _, w := range ws {
		sum.Add(w.progress())
	}
	return sum
}

func (ws loops) counts() (*report.Counts, error) {
	var sum report.Counts
	for _, w := range ws {
		w.addTo(&sum)
	}
	return &sum, nil
}

func (ws loops) free() {
	for _, w := range ws {
		w.free()
	}
}

// each runs f for all items at once and waits for all of them. If one fails the
// context of the others ends: what they would measure is of no use.
func each[T any](ctx context.Context, items []T, f func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, item := range items {
		group.Go(func() error { return f(ctx, item) })
	}
	return group.Wait()
}
