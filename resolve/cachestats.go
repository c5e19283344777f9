package resolve

import "sync/atomic"

// CacheStats are a Cache's figures over all protocols. Counters count from the
// start.
type CacheStats struct {
	// Routes and Failures are what the shared cache keeps.
	Routes, Failures int
	// Hits counts the questions that a cache has answered: a loop's view, or the
	// shared one.
	Hits uint64
	// Asked counts the calls of the resolver, Failed those that brought no
	// route, be it for the resolver, DNS or the guard.
	Asked, Failed uint64
	// Stale counts the failures hidden by a route past its end.
	Stale uint64
	// Evicted counts what had to go for want of room.
	Evicted uint64
}

// hitShares is in how many words, each on a cache line of its own, the views count
// their hits: as many event loops never meet.
const hitShares = 64

// hits counts what the caches have answered.
type hits struct {
	shared atomic.Uint64 // by the shared cache
	views  atomic.Uint32 // that have a share
	shares [hitShares]struct {
		_ [56]byte
		n atomic.Uint64
	}
}

// share is where one more view counts.
func (h *hits) share() *atomic.Uint64 { return &h.shares[h.views.Add(1)%hitShares].n }

func (h *hits) sum() uint64 {
	n := h.shared.Load()
	for i := range h.shares {
		n += h.shares[i].n.Load()
	}
	return n
}

// Stats returns the figures.
func (c *Cache) Stats() CacheStats {
	stats := CacheStats{Hits: c.hits.sum(), Asked: c.asked.Load(), Failed: c.failed.Load(), Stale: c.stale.Load()}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.stores {
		routes, failures := s.size()
		stats.Routes += routes
		stats.Failures += failures
		stats.Evicted += s.evicted.Load()
	}
	return stats
}
