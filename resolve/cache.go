package resolve

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Cache stands between the engine and a Resolver: the shared cache, single
// flight, DNS and the address guard. Each event loop looks into it through a
// Local of its own. Safe for concurrent use.
type Cache struct {
	live atomic.Pointer[source]

	mu     sync.RWMutex
	stores map[string]*store // by protocol

	hits                 hits
	asked, failed, stale atomic.Uint64
	changed              atomic.Pointer[func(resource string)]
	staleLog, panicLog   logLimit
}

// NewCache puts a cache in front of r and, if r is a Notifier, has itself told
// of changes. There must be one Cache per Resolver. It needs no closing; r
// stays the caller's to close.
func NewCache(r Resolver, o CacheOptions) *Cache {
	c := &Cache{stores: make(map[string]*store)}
	c.live.Store(&source{resolver: r, CacheOptions: o.withDefaults()})
	c.listen(r)
	return c
}

// Fetch returns the route of a resource, from the shared cache or by asking
// the resolver. Callers who ask for the same (protocol, resource) at once
// share one question and its answer, unless the answer's TTL is negative. It
// blocks: never call it on an event loop.
//
// The route is nil iff the error isn't: the resolver's, which KindOf
// classifies, or ctx.Err() when ctx ends first. That fails this caller only;
// when the last of them is gone, the resolver's ctx ends too.
func (c *Cache) Fetch(ctx context.Context, req Request) (*Route, error) {
	s := c.store(req.Protocol)
	e, f, first := s.enter(ctx, req.Resource, time.Now())
	if e != nil {
		e.touch()
		c.hits.shared.Add(1)
		return e.answer()
	}
	if first {
		go c.fly(s, f, req)
	}
	e, err := s.wait(ctx, f)
	if err == nil && e.private && !first {
		e, err = c.fetchAlone(ctx, s, req)
	}
	if err != nil {
		return nil, err
	}
	return e.answer()
}

// Refresh is Fetch past what is cached of the resource, which is forgotten.
func (c *Cache) Refresh(ctx context.Context, req Request) (*Route, error) {
	c.store(req.Protocol).purge(req.Resource)
	return c.Fetch(ctx, req)
}

// Woken keeps the route of a resource that was found to be ready although the
// resolver still called it cold, and returns it as one that is. It doesn't block.
func (c *Cache) Woken(route *Route) *Route {
	e := &entry{Route: *route}
	e.State = Ready
	e.Alternatives = make([]*Route, len(route.Alternatives))
	for i, other := range route.Alternatives {
		ready := *other
		ready.State = Ready
		e.Alternatives[i] = &ready
	}
	c.dateRoute(e)
	c.store(route.Protocol).keep(e)
	return &e.Route
}

// fetchAlone asks for one caller only: the flight isn't among the store's.
func (c *Cache) fetchAlone(ctx context.Context, s *store, req Request) (*entry, error) {
	f := newFlight(ctx, req.Resource, nil)
	go c.fly(s, f, req)
	return s.wait(ctx, f)
}

// Purge makes everyone forget a resource of any protocol, "" for all of them:
// the loops' views, the shared cache, and the resolver if it is a Purger. What
// it answers to questions that are under way isn't kept. Apart from the
// resolver's Purge it doesn't block.
func (c *Cache) Purge(resource string) {
	// The resolver first: what is asked in between must not bring back its
	// old answer.
	if p, ok := c.o().resolver.(Purger); ok {
		p.Purge(resource)
	}
	c.forget(resource)
}

// Notify has changed called when the answer for a resource, "" for any, is no
// longer true or may not be: it has been purged, the resolver has told, or a new
// one that drains the old places has come. By then Fetch doesn't return the old
// answer. It is called on any goroutine and must not block. Call Notify once.
func (c *Cache) Notify(changed func(resource string)) { c.changed.Store(&changed) }

func (c *Cache) tell(resource string) {
	if changed := c.changed.Load(); changed != nil {
		(*changed)(resource)
	}
}

func (c *Cache) forget(resource string) {
	c.purgeStores(resource)
	c.tell(resource)
}

func (c *Cache) purgeStores(resource string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.stores {
		if resource == "" {
			s.purgeAll()
		} else {
			s.purge(resource)
		}
	}
}

// expire has everything asked for anew that is cached, and keeps it to fall
// back on.
func (c *Cache) expire() {
	c.expireStores()
	c.tell("")
}

func (c *Cache) expireStores() {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.stores {
		s.expireAll()
	}
}

// store returns the protocol's store, made when first asked for. Protocols are
// the listeners', so there are few.
func (c *Cache) store(protocol string) *store {
	c.mu.RLock()
	s := c.stores[protocol]
	c.mu.RUnlock()
	if s != nil {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.stores[protocol]; s != nil {
		return s
	}
	s = newStore(c.o().MaxEntries, c.o().maxFailures())
	c.stores[protocol] = s
	return s
}
