package resolve

import "time"

// Peek returns the route of a resource that the shared cache would answer with now,
// also one that says that there is none (Route.Err), or nil. It asks nobody, counts as
// no question and doesn't keep the route in the cache. It doesn't block.
func (c *Cache) Peek(protocol, resource string) *Route {
	c.mu.RLock()
	s := c.stores[protocol]
	c.mu.RUnlock()
	if s == nil {
		return nil
	}
	if e := s.get([]byte(resource), time.Now()); e != nil {
		return &e.Route
	}
	return nil
}
