//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// bulkWorker is one loop's part of a Bulk.
type bulkWorker struct {
	*station
	pattern     *stream.Pattern
	direction   Direction
	transfers   []*transfer
	open        int // transfers under way
	checked     time.Time
	established uint64
	complete    uint64
}

// run moves data until end, and then waits for what is under way. A transfer
// on which nothing moves for the timeout has failed.
func (w *bulkWorker) run(ctx context.Context, end time.Time) error {
	for _, t := range w.transfers {
		t.connect()
	}
	err := w.until(ctx, time.Until(end), func(now time.Time) bool {
		w.failStalled(now)
		return w.open == 0 || !now.Before(end)
	})
	if err != nil {
		return err
	}
	for _, t := range w.transfers {
		t.stop()
	}
	return w.until(ctx, tick, func(now time.Time) bool {
		w.failStalled(now)
		return w.open == 0
	})
}

func (w *bulkWorker) failStalled(now time.Time) {
	if now.Sub(w.checked) < tick {
		return
	}
	w.checked = now
	for _, t := range w.transfers {
		t.failIfStalled(now)
	}
}

func (w *bulkWorker) addTo(r *report.Report) {
	for _, t := range w.transfers {
		r.Bytes.Down += t.received.Received()
		r.Bytes.Up += t.account.Received
	}
	r.Sessions.Established += w.established
	r.Sessions.Alive += w.complete
	r.Failures.Merge(&w.failures)
}

// fail counts and closes a transfer.
func (w *bulkWorker) fail(t *transfer, kind measure.Failure) {
	w.failures.Add(kind)
	w.close(t)
}

func (w *bulkWorker) close(t *transfer) {
	if t.fd >= 0 {
		w.loop.Close(t.fd)
		t.fd = -1
		w.open--
	}
}

var _ poll.Handler = (*transfer)(nil)
