package resolve

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// store is the shared cache of one protocol, and its flights. Safe for
// concurrent use; nothing blocks while the lock is held, so that a loop may
// take it.
type store struct {
	mu sync.Mutex
	// entries holds what is in one of the rings, by resource.
	entries map[string]*entry
	// routes and failures are bounded apart: invented names, which end up
	// among the failures, can't push out routes.
	routes, failures ring
	// flights holds the running flights whose result will be kept. One that
	// has been dropped from here, by a purge or because nobody waits any more,
	// leaves no trace.
	flights map[string]*flight

	evicted atomic.Uint64
}

func newStore(maxRoutes, maxFailures int) *store {
	return &store{
		entries:  make(map[string]*entry),
		routes:   ring{max: maxRoutes},
		failures: ring{max: maxFailures},
		flights:  make(map[string]*flight),
	}
}

// get returns the fresh entry of a resource, or nil. It doesn't allocate.
func (s *store) get(resource []byte, now time.Time) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[string(resource)]; e.fresh(now) {
		return e
	}
	return nil
}

// enter returns the fresh entry of a resource; or else the flight to wait for,
// with the caller counted among its waiters. The first must start it.
func (s *store) enter(ctx context.Context, resource string, now time.Time) (e *entry, f *flight, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e = s.entries[resource]
	if e.fresh(now) {
		return e, nil, false
	}
	if f := s.flights[resource]; f != nil {
		f.waiters++
		return nil, f, false
	}
	f = newFlight(ctx, resource, e)
	s.flights[resource] = f
	return nil, f, true
}

// wait returns what f brings, or leaves it when ctx ends.
func (s *store) wait(ctx context.Context, f *flight) (*entry, error) {
	select {
	case <-f.done:
		return f.entry, nil
	case <-ctx.Done():
		s.leave(f)
		return nil, ctx.Err()
	}
}

// leave is called by a waiter that goes before f has landed. The last one
// cancels it, so that no client can leave work behind.
func (s *store) leave(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiters--
	if f.waiters == 0 {
		s.drop(f)
		f.cancel()
	}
}

// land gives e to the waiters of f, and keeps it unless f was dropped.
func (s *store) land(f *flight, e *entry, now time.Time) {
	s.mu.Lock()
	if s.drop(f) {
		s.replace(f.resource, e, now)
	}
	s.mu.Unlock()
	f.entry = e
	close(f.done)
}

// keep puts e in the place of what is known of its resource.
func (s *store) keep(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(e.Resource, e, time.Now())
}

// drop takes f out of the flights and says whether it was among them. The
// caller holds the lock, also in the methods below.
func (s *store) drop(f *flight) bool {
	if s.flights[f.resource] != f {
		return false
	}
	delete(s.flights, f.resource)
	return true
}

func (s *store) replace(resource string, e *entry, now time.Time) {
	s.remove(resource)
	if !e.worthKeeping(now) {
		return
	}
	s.entries[resource] = e
	if evicted := s.ring(e).add(e); evicted != nil {
		s.evicted.Add(1)
		delete(s.entries, evicted.Resource)
		evicted.dead.Store(true)
	}
}

func (s *store) remove(resource string) {
	e := s.entries[resource]
	if e == nil {
		return
	}
	delete(s.entries, resource)
	s.ring(e).remove(e)
	e.dead.Store(true)
}

func (s *store) ring(e *entry) *ring {
	if e.Err != nil {
		return &s.failures
	}
	return &s.routes
}

// purge forgets a resource and what its flight will bring.
func (s *store) purge(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(resource)
	delete(s.flights, resource)
}

// purgeAll forgets everything. There may be much of it: what takes long is done
// outside the lock, where no lookup finds the entries in the shared cache.
func (s *store) purgeAll() {
	s.mu.Lock()
	all := [2][]*entry{s.routes.clear(), s.failures.clear()}
	s.entries = make(map[string]*entry)
	s.flights = make(map[string]*flight)
	s.mu.Unlock()
	for _, entries := range all {
		for _, e := range entries {
			e.dead.Store(true)
		}
	}
}

// expireAll has everything asked for anew. Routes stay to fall back on, and what
// the flights bring isn't kept: they may have been answered before. As in
// purgeAll, what takes long is done outside the lock; what lands meanwhile is new.
func (s *store) expireAll() {
	s.mu.Lock()
	all := [2][]*entry{slices.Clone(s.routes.slots), slices.Clone(s.failures.slots)}
	s.flights = make(map[string]*flight)
	s.mu.Unlock()
	for _, entries := range all {
		for _, e := range entries {
			e.expired.Store(true)
		}
	}
}

// size returns how many routes and failures are kept.
func (s *store) size() (routes, failures int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.routes.slots), len(s.failures.slots)
}
