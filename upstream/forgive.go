package upstream

import "time"

// Forgive closes the breaker of an endpoint that was started anew, and holds it for
// unchecked: what it failed at before says nothing of now. One that isn't known
// needs no forgiving.
func (r *Registry) Forgive(name string, now time.Time) {
	r.mu.Lock()
	e := r.m[name]
	r.mu.Unlock()
	if e == nil {
		return
	}
	e.health.Store(uint32(Unchecked))
	e.breaker.forgive(e, e.common.at(now))
}

// forgive: any phase -> Closed.
func (b *breaker) forgive(e *Endpoint, at time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.level = 0
	b.close(e, at)
}

// close: any phase -> Closed. The caller holds mu.
func (b *breaker) close(e *Endpoint, at time.Duration) {
	b.closedAt = at
	b.consecutive.Store(0)
	b.window.clear()
	if b.present().phase() != Closed {
		b.enter(e, Closed)
	}
}
