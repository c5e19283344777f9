//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// atOnce bounds the exchanges of all loops that are under way at the same
	// time, so that a server slower than the ramp, or than the check at the end,
	// isn't flooded.
	atOnce = 512
	// hopelessAfter is how many sessions in a row may fail until a loop opens or
	// verifies no more: a server that stalls would take a timeout for each batch.
	hopelessAfter = 100
)

// holder is one loop's part of a Hold.
type holder struct {
	*station
	message        *payload
	touch, payload int
	warm, want     int
	atOnce         int
	rate           float64       // sessions per second
	touchEvery     time.Duration // each session while they are held; 0 for not at all

	established uint64
	hopeless    int   // sessions failed since the last success
	phase       phase // that is under way
	touched     int   // sessions begun to be touched again
	next        int   // session to verify
	alive       uint64
}

var (
	_ worker = (*holder)(nil)
	_ owner  = (*holder)(nil)
)

func (w *holder) do(ctx context.Context, p phase, span window) error {
	w.phase = p
	switch p {
	case preparing:
		return w.warmUp(ctx)
	case opening:
		return w.ramp(ctx)
	case running:
		return w.idle(ctx, span)
	case verifying:
		return w.verify(ctx)
	default:
		return nil
	}
}

// warmUp opens a few sessions, uses and closes them.
func (w *holder) warmUp(ctx context.Context) error {
	for range w.warm {
		w.connect()
	}
	if err := w.until(ctx, tick, w.quiet); err != nil {
		return err
	}
	w.closeAll()
	w.established, w.hopeless = 0, 0
	settled := time.Now().Add(settle)
	return w.until(ctx, tick, func(now time.Time) bool { return !now.Before(settled) })
}

// connect begins one more session.
func (w *holder) connect() {
	size := w.payload
	if w.touch > 0 {
		size = w.touch
	}
	w.newSession(w, &echo{payload: w.message}).begin(size, time.Now())
}

// ramp opens the sessions at the rate and waits for their exchanges.
func (w *holder) ramp(ctx context.Context) error {
	start := time.Now()
	return w.until(ctx, time.Millisecond, func(now time.Time) bool {
		due := min(rampDue(w.rate, now.Sub(start)), w.want)
		for len(w.sessions) < due && w.busy < w.atOnce && w.hopeless < hopelessAfter {
			w.connect()
		}
		return (len(w.sessions) == w.want || w.hopeless >= hopelessAfter) && w.busy == 0
	})
}

// rampDue returns how many sessions are to be open after a time.
func rampDue(perSecond float64, elapsed time.Duration) int {
	return int(perSecond*elapsed.Seconds()) + 1
}

// idle leaves the sessions alone; those that die meanwhile are counted.
func (w *holder) idle(ctx context.Context, span window) error {
	return w.until(ctx, tick, func(now time.Time) bool {
		over := !now.Before(span.To)
		if w.touchEvery > 0 && !over {
			w.touchDue(now, now.Sub(span.From))
		}
		return over && w.busy == 0 || w.standing() == 0
	})
}

// touchDue touches the sessions whose turn has come since the window began.
// One that is still at it, or has died, is left out.
func (w *holder) touchDue(now time.Time, elapsed time.Duration) {
	due := int(float64(len(w.sessions)) * float64(elapsed) / float64(w.touchEvery))
	for ; w.touched < due && w.busy < w.atOnce; w.touched++ {
		if s := w.sessions[w.touched%len(w.sessions)]; s.open() && !s.busy {
			s.begin(w.touch, now)
		}
	}
}

// verify makes one more exchange on every session, unless it is hopeless; those
// left out are not alive.
func (w *holder) verify(ctx context.Context) error {
	w.hopeless = 0
	return w.until(ctx, tick, func(now time.Time) bool {
		for w.next < len(w.sessions) && w.busy < w.atOnce && w.hopeless < hopelessAfter {
			w.verifyNext(now)
		}
		return w.busy == 0
	})
}

func (w *holder) verifyNext(now time.Time) {
	s := w.sessions[w.next]
	w.next++
	if s.open() && !s.busy {
		s.begin(w.payload, now)
	}
}

func (w *holder) exchanged(s *session) {
	w.hopeless = 0
	switch {
	case w.phase == verifying:
		w.alive++
	case w.phase == running:
		// Touched again.
	case s.exchanges == 1 && w.touch > 0:
		s.begin(w.payload, time.Now())
	default:
		w.established++
	}
}

func (w *holder) failed(*session) { w.hopeless++ }

func (w *holder) addTo(c *report.Counts) {
	c.Sessions.Wanted += uint64(w.want)
	c.Sessions.Established += w.established
	c.Sessions.Alive += w.alive
	w.station.addTo(c)
}
