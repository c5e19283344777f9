//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// RR exchanges messages with an echo backend over standing connections, each
// connection sending its next message when the last one is back (a closed
// loop: the server's speed sets the rate).
type RR struct{ Exchanges }

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m RR) Run(ctx context.Context) (*report.Report, error) {
	r, err := m.measure(ctx, "rr", func(e exchanger) exchangeWorker { return &rrWorker{exchanger: e} })
	if r != nil {
		moved := r.Operations * uint64(m.Payload)
		r.Sessions.Wanted = uint64(m.Conns)
		r.Bytes = report.Bytes{Down: moved, Up: moved}
	}
	return r, err
}

// rrWorker is one loop's part of an RR. While its window is unset nothing
// counts, and no exchange follows the first.
type rrWorker struct {
	exchanger
	established uint64
}

var _ owner = (*rrWorker)(nil)

// prepare opens the connections; the first exchange shows that the way to the
// backend stands.
func (w *rrWorker) prepare(ctx context.Context) error {
	for range w.conns {
		w.newSession(w).connect(w.payload)
	}
	err := w.until(ctx, tick, w.quiet)
	w.established = uint64(w.standing())
	return err
}

// run keeps the standing connections busy until the window ends, and lets what
// is under way come back.
func (w *rrWorker) run(ctx context.Context, span window) error {
	w.span = span
	for _, s := range w.sessions {
		if s.open() {
			s.begin(w.payload, time.Now())
		}
	}
	return w.until(ctx, tick, w.quiet)
}

func (w *rrWorker) exchanged(s *session) {
	now := time.Now()
	w.count(s, now)
	if now.Before(w.span.to) {
		s.begin(w.payload, now)
	}
}

func (w *rrWorker) failed(*session) {}

func (w *rrWorker) addTo(r *report.Report) {
	w.exchanger.addTo(r)
	r.Sessions.Established += w.established
	r.Sessions.Alive += uint64(w.standing())
}
