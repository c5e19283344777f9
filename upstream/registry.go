package upstream

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxEndpoints bounds a Registry: past it, endpoints without sessions are
// forgotten, and their counters and breakers with them, unless they are forced.
const maxEndpoints = 65536

// Registry holds the endpoints by name. The zero value is empty and ready.
// Safe for concurrent use.
type Registry struct {
	// Options are set before the first use, if at all.
	Options Options

	mu     sync.Mutex
	m      map[string]*Endpoint
	bound  int          // of len(m); more than maxEndpoints if so many have sessions
	common *common      // of the endpoints; nil before the first
	turns  *turns       // nil before the first Pick
	forced int          // endpoints that aren't Auto, at most maxForced
	shut   atomic.Int64 // those of them that admit nobody; changed under mu
}

// Acquire returns the endpoint of that name, made if new, with one more
// session counted.
func (r *Registry) Acquire(name string) *Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.makeRoom(1)
	e := r.get(name)
	e.Acquire()
	return e
}

// makeRoom has n more endpoints fit. Until they are acquired, mu must be held:
// they could be forgotten. The caller holds mu.
func (r *Registry) makeRoom(n int) {
	if len(r.m)+n > max(r.bound, maxEndpoints) {
		r.forgetIdle()
		// If most are busy the next search had better be far away.
		r.bound = len(r.m) + maxEndpoints/2
	}
}

// get returns the endpoint of that name, made if new. The caller holds mu.
func (r *Registry) get(name string) *Endpoint {
	e, known := r.m[name]
	if !known {
		if r.m == nil {
			r.m = make(map[string]*Endpoint)
		}
		e = newEndpoint(name, r.shared())
		r.m[name] = e
	}
	return e
}

// shared is what all endpoints share, made if new. The caller holds mu.
func (r *Registry) shared() *common {
	if r.common == nil {
		r.common = &common{born: time.Now()}
		o := r.Options.complete()
		r.common.live.Store(&o)
	}
	return r.common
}

// SetOptions replaces the options, which must be valid, for all that is decided from now on.
// How many checks are made at once stays. Any goroutine.
func (r *Registry) SetOptions(o Options) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o = o.complete()
	r.shared().live.Store(&o)
}

func (r *Registry) forgetIdle() {
	for name, e := range r.m {
		if e.sessions.Load() == 0 && e.Forced() == Auto {
			delete(r.m, name)
		}
	}
}

// Stats returns a snapshot of every endpoint, in no order.
func (r *Registry) Stats() []EndpointStats {
	r.mu.Lock()
	endpoints := slices.Collect(maps.Values(r.m))
	r.mu.Unlock()
	all := make([]EndpointStats, len(endpoints))
	for i, e := range endpoints {
		all[i] = e.Stats()
	}
	return all
}
