package resolve

import (
	"sync/atomic"
	"time"
)

// maxLocal bounds one generation of a Local; what falls out is found in the
// shared cache, for the price of its lock. A generation of that many pointers
// and string headers takes about 400 KiB.
const maxLocal = 8192

// Local is one event loop's view of a Cache for one protocol. Its methods must
// be called by one goroutine at a time; different Locals are independent.
type Local struct {
	store *store
	hits  *atomic.Uint64 // the Cache's, in part
	// routes and failures are bounded apart, as in the shared cache.
	routes, failures generations
}

// Local makes a view for one event loop. The protocol is Request.Protocol.
func (c *Cache) Local(protocol string) *Local {
	return &Local{
		store:    c.store(protocol),
		hits:     c.hits.share(),
		routes:   newGenerations(min(maxLocal, c.o().MaxEntries)),
		failures: newGenerations(min(maxLocal, c.o().maxFailures())),
	}
}

// Lookup returns the cached route of a resource, also one that says that there
// is none (Route.Err), or nil: then Fetch must be called, on a goroutine that
// may block. It never blocks and never calls a resolver. A hit in the local
// view takes no lock and allocates nothing; on a miss it looks in the shared
// cache. resource is only read during the call.
func (l *Local) Lookup(resource []byte) *Route {
	now := time.Now()
	e := l.find(resource, now)
	if e == nil {
		return nil
	}
	e.touch()
	l.hits.Add(1)
	return &e.Route
}

func (l *Local) find(resource []byte, now time.Time) *entry {
	if e := l.routes.get(resource); e.fresh(now) {
		return e
	}
	if e := l.failures.get(resource); e.fresh(now) {
		return e
	}
	e := l.store.get(resource, now)
	if e != nil {
		l.keep(e)
	}
	return e
}

func (l *Local) keep(e *entry) {
	if e.Err != nil {
		l.failures.put(e)
		return
	}
	l.routes.put(e)
}

// generations is a bounded map of entries that forgets in two steps: when the
// young generation is full it becomes the old one, and what was old is
// dropped, except for what was looked up meanwhile. Constant work per call,
// and no allocation once both maps have grown.
type generations struct {
	young, old map[string]*entry
	max        int
}

func newGenerations(maxEntries int) generations {
	return generations{young: make(map[string]*entry), old: make(map[string]*entry), max: maxEntries}
}

func (g *generations) get(resource []byte) *entry {
	if e := g.young[string(resource)]; e != nil {
		return e
	}
	e := g.old[string(resource)]
	if e != nil {
		g.put(e)
	}
	return e
}

func (g *generations) put(e *entry) {
	if len(g.young) >= g.max {
		g.young, g.old = g.old, g.young
		clear(g.young)
	}
	g.young[e.Resource] = e
}
