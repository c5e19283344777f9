//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// openAtOnce bounds the sessions that are being opened, so that a server
	// slower than the ramp isn't flooded.
	openAtOnce = 256
	// verifyAtOnce bounds the exchanges of the check at the end.
	verifyAtOnce = 256
)

// holdWorker is one loop's part of a Hold.
type holdWorker struct {
	*station
	touch, payload int
	warm, want     int
	rate           float64 // sessions per second

	established uint64
	verifying   bool
	next        int // session to verify
	alive       uint64
}

var _ owner = (*holdWorker)(nil)

// warmUp opens a few sessions, uses and closes them.
func (w *holdWorker) warmUp(ctx context.Context) error {
	for range w.warm {
		w.newSession(w).connect(w.first())
	}
	if err := w.until(ctx, tick, w.quiet); err != nil {
		return err
	}
	w.closeAll()
	w.established = 0
	settled := time.Now().Add(settle)
	return w.until(ctx, tick, func(now time.Time) bool { return !now.Before(settled) })
}

// ramp opens the sessions at the rate and waits for their exchanges.
func (w *holdWorker) ramp(ctx context.Context) error {
	start := time.Now()
	return w.until(ctx, time.Millisecond, func(now time.Time) bool {
		due := min(rampDue(w.rate, now.Sub(start)), w.want)
		for len(w.sessions) < due && w.busy < openAtOnce {
			w.newSession(w).connect(w.first())
		}
		return len(w.sessions) == w.want && w.busy == 0
	})
}

// rampDue returns how many sessions are to be open after a time.
func rampDue(perSecond float64, elapsed time.Duration) int {
	return int(perSecond*elapsed.Seconds()) + 1
}

// first is the size of a session's first exchange.
func (w *holdWorker) first() int {
	if w.touch > 0 {
		return w.touch
	}
	return w.payload
}

// idle leaves the sessions alone; those that die meanwhile are counted.
func (w *holdWorker) idle(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	return w.until(ctx, tick, func(now time.Time) bool { return !now.Before(end) || w.standing() == 0 })
}

// verify makes one more exchange on every session.
func (w *holdWorker) verify(ctx context.Context) error {
	w.verifying = true
	return w.until(ctx, tick, func(now time.Time) bool {
		for w.next < len(w.sessions) && w.busy < verifyAtOnce {
			w.verifyNext(now)
		}
		return w.busy == 0
	})
}

func (w *holdWorker) verifyNext(now time.Time) {
	s := w.sessions[w.next]
	w.next++
	if s.open() && !s.busy {
		s.begin(w.payload, now)
	}
}

func (w *holdWorker) exchanged(s *session) {
	switch {
	case w.verifying:
		w.alive++
	case s.exchanges == 1 && w.touch > 0:
		s.begin(w.payload, time.Now())
	default:
		w.established++
	}
}

func (w *holdWorker) failed(*session) {}

func (w *holdWorker) addTo(r *report.Report) {
	r.Sessions.Established += w.established
	r.Sessions.Alive += w.alive
	r.Failures.Merge(&w.failures)
}
