package dns

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// answer is what a name came to. It is immutable once in the cache.
type answer struct {
	name  string
	addrs []netip.Addr
	// err is set iff there are no addresses.
	err error
	// expires is until when the answer holds, staleUntil until when it is better
	// than a failure.
	expires, staleUntil time.Time
}

// cache keeps answers, those asked for last. Safe for concurrent use.
type cache struct {
	max int

	mu     sync.Mutex
	byName map[string]*list.Element // of *answer
	order  *list.List               // the one asked for last in front
}

func newCache(maxNames int) *cache {
	return &cache{max: maxNames, byName: make(map[string]*list.Element), order: list.New()}
}

// get returns what is known of a name, however old, or nil.
func (c *cache) get(name string) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byName[name]
	if at == nil {
		return nil
	}
	c.order.MoveToFront(at)
	return at.Value.(*answer)
}

func (c *cache) put(a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byName[a.name]; at != nil {
		at.Value = a
		c.order.MoveToFront(at)
		return
	}
	c.byName[a.name] = c.order.PushFront(a)
	if c.order.Len() > c.max {
		last := c.order.Remove(c.order.Back()).(*answer)
		delete(c.byName, last.name)
	}
}

func (c *cache) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}
