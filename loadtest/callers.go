//go:build linux

package loadtest

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// dialAtOnce bounds the connections of a worker that are being opened before
// the load begins.
const dialAtOnce = 32

// callers is one worker's part of a mode that speaks through a protocol's own
// client library: a goroutine per connection.
type callers struct {
	load    Exchanges
	seat    seat
	dialers []client.Dialer // one for each target
	renew   bool            // a new connection for each exchange
	lines   []*line

	mu       sync.Mutex // guards what follows
	arrivals *arrivals  // nil in a closed loop
	span     window
	tally    *tally
	counted  report.Counts // what isn't in the tally
	shown    report.Progress
}

var _ worker = (*callers)(nil)

// newCallers makes the lines of a seat. The caller adds the dialers.
func newCallers(m Exchanges, s seat, renew bool) *callers {
	w := &callers{load: m, seat: s, renew: renew, tally: newTally(m.Arrivals > 0)}
	for range s.share(m.Conns) {
		w.lines = append(w.lines, newLine(w, len(w.lines)))
	}
	return w
}

func (w *callers) do(ctx context.Context, p phase, span window) error {
	switch {
	case p == preparing && !w.renew:
		w.prepare(ctx)
	case p == running:
		w.run(ctx, span)
	}
	return nil
}

// prepare opens standing connections and makes an exchange on each.
func (w *callers) prepare(ctx context.Context) {
	var group errgroup.Group
	group.SetLimit(dialAtOnce)
	for _, l := range w.lines {
		group.Go(func() error {
			if l.exchange(ctx, time.Now()) {
				w.note(func() { w.counted.Sessions.Established++ })
			}
			return nil
		})
	}
	_ = group.Wait()
}

// run keeps the lines busy until the window ends, and lets what is under way
// come back.
func (w *callers) run(ctx context.Context, span window) {
	w.note(func() {
		w.span, w.tally.span = span, span
		if w.load.Arrivals > 0 {
			w.arrivals = newArrivals(span.From.Add(-w.load.WarmUp), w.load.Arrivals, w.seat.number, w.seat.of)
		}
	})
	var group sync.WaitGroup
	for _, l := range w.lines {
		group.Go(func() { l.run(ctx) })
	}
	group.Wait()
}

// note changes what is guarded.
func (w *callers) note(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// next takes the next exchange, which is to begin at due; false says that none
// is to follow, and due is when the window is over. Those that would begin too
// late have failed.
func (w *callers) next(now time.Time) (due time.Time, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.arrivals == nil {
		return now, now.Before(w.span.To)
	}
	for due = w.arrivals.next(); now.Sub(due) > w.load.Timeout; due = w.arrivals.next() {
		w.arrivals.take()
		w.fail(measure.Late, "")
	}
	if !due.Before(w.span.To) {
		return w.span.To, false
	}
	w.arrivals.take()
	return due, true
}

// agreed counts a TLS handshake.
func (w *callers) agreed(terms secure.Terms) {
	w.note(func() { w.counted.TLS.Add(terms.String()) })
}

// begun notes that an exchange taken from next begins.
func (w *callers) begun(due, now time.Time) {
	if w.load.Arrivals > 0 {
		w.note(func() { w.tally.begun(due, now) })
	}
}

// finished counts an exchange that was as it should be.
func (w *callers) finished(due, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tally.done(due, now, report.Bytes{})
	w.shown.Operations++
	if w.renew {
		w.counted.Sessions.Established++
		w.counted.Sessions.Alive++
	}
}

// fail counts one that wasn't; the mutex is held.
func (w *callers) fail(kind measure.Failure, answer string) {
	w.counted.Failures.Add(kind)
	w.shown.Failures++
	if answer != "" {
		w.counted.Answers.Add(answer)
	}
}

func (w *callers) progress() report.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown
}

func (w *callers) addTo(c *report.Counts) {
	if !w.renew {
		w.counted.Sessions.Wanted = uint64(len(w.lines))
		for _, l := range w.lines {
			if l.failures == 0 && l.answered {
				w.counted.Sessions.Alive++
			}
		}
	}
	c.Merge(&w.counted)
	w.tally.addTo(c)
}

func (w *callers) free() {
	for _, l := range w.lines {
		l.close()
	}
}
