package resolve

// CacheStats are a Cache's figures over all protocols. Counters count from the
// start.
type CacheStats struct {
	// Routes and Failures are what the shared cache keeps.
	Routes, Failures int
	// Asked counts the calls of the resolver, Failed those that brought no
	// route, be it for the resolver, DNS or the guard.
	Asked, Failed uint64
	// Stale counts the failures hidden by a route past its end.
	Stale uint64
	// Evicted counts what had to go for want of room.
	Evicted uint64
}

// Stats returns the figures. Hits in the loops' views aren't among them:
// counting those would cost every hit.
func (c *Cache) Stats() CacheStats {
	stats := CacheStats{Asked: c.asked.Load(), Failed: c.failed.Load(), Stale: c.stale.Load()}
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
