//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// mover is one loop's part of a Bulk.
type mover struct {
	*station
	pattern     *stream.Pattern
	direction   Direction
	transfers   []*transfer
	open        int // transfers under way
	checked     time.Time
	established uint64
	complete    uint64
}

var _ worker = (*mover)(nil)

func (w *mover) do(ctx context.Context, p phase, span window) error {
	if p != running {
		return nil
	}
	return w.run(ctx, span.To)
}

// run moves data until end, and then waits for what is under way. A transfer
// on which nothing moves for the timeout has failed.
func (w *mover) run(ctx context.Context, end time.Time) error {
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

func (w *mover) failStalled(now time.Time) {
	if now.Sub(w.checked) < tick {
		return
	}
	w.checked = now
	w.received = 0
	for _, t := range w.transfers {
		t.failIfStalled(now)
		w.received += t.sent + t.received.Received()
	}
}

func (w *mover) addTo(c *report.Counts) {
	for _, t := range w.transfers {
		c.Bytes.Down += t.received.Received()
		c.Bytes.Up += t.account.Received
	}
	c.Sessions.Wanted += uint64(len(w.transfers))
	c.Sessions.Established += w.established
	c.Sessions.Alive += w.complete
	w.station.addTo(c)
}

// broken fails a transfer for an error of its connection.
func (w *mover) broken(t *transfer, err error) {
	kind, said := secure.FailureOf(err)
	if said != "" {
		w.answers.Add(said)
	}
	w.fail(t, kind)
}

// fail counts and closes a transfer.
func (w *mover) fail(t *transfer, kind measure.Failure) {
	w.failures.Add(kind)
	w.close(t)
}

func (w *mover) close(t *transfer) {
	if t.open() {
		t.link.Close()
		t.link = nil
		w.open--
	}
}

var (
	_ poll.Handler  = (*transfer)(nil)
	_ poll.Releaser = (*transfer)(nil)
)
