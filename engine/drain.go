package engine

import (
	"context"
	"time"
)

const (
	// drainLook is how often a draining engine looks for sessions that are idle.
	drainLook = time.Second
	// At each look as many end as this, or a fifth of the idle ones if that is more:
	// their clients come back somewhere, and not all at the same moment.
	drainBatch = 500
	drainShare = 5
)

// drain is what an engine that ends knows of its sessions: when it saw what they had
// moved.
type drain struct {
	idle time.Duration // Config.DrainIdle
	seen map[sessionID]sight
}

// sight is how much a session had moved, and when that was first seen; last, of one that
// awaits an answer: a query may take long.
type sight struct {
	moved moved
	since time.Time
}

// endIdle ends the sessions that fall idle, in order, until ctx is done: they have the
// least to lose, and the others the more time.
func (e *Engine) endIdle(ctx context.Context) {
	d := drain{idle: e.cfg().DrainIdle, seen: make(map[sessionID]sight)}
	if d.idle <= 0 {
		return
	}
	again := time.NewTicker(min(drainLook, d.idle))
	defer again.Stop()
	for {
		now := time.Now()
		idle, quota := d.look(e.driver, now), 0
		quota = max(drainBatch, idle/drainShare)
		e.driver.end(func(v *sessionView) bool {
			chosen := quota > 0 && v.piped && d.isIdle(v, now)
			if chosen {
				quota--
			}
			return chosen
		}, Drained)
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// look notes what sessions have moved, and returns how many are idle.
func (d *drain) look(all driver, now time.Time) (idle int) {
	next := make(map[sessionID]sight, len(d.seen))
	all.look(func(v *sessionView) {
		if !v.piped {
			return
		}
		s := sight{v.all, now}
		if before, known := d.seen[v.id]; known && before.moved == s.moved && !v.asking {
			s = before
		}
		next[v.id] = s
		if now.Sub(s.since) >= d.idle {
			idle++
		}
	})
	d.seen = next
	return idle
}

// isIdle says that a session has moved nothing for the time, nor since.
func (d *drain) isIdle(v *sessionView, now time.Time) bool {
	s, known := d.seen[v.id]
	return known && s.moved == v.all && now.Sub(s.since) >= d.idle
}
