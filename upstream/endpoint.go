// Package upstream holds what is known about backends: per-endpoint counters
// and what a failed connection attempt means.
package upstream

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Endpoint is one backend address as the resolver named it, with exact
// counters since it was first seen. Safe for concurrent use.
type Endpoint struct {
	// Name is "host:port".
	Name string

	sessions   atomic.Int64
	outcomes   [outcomes]atomic.Uint64
	fromClient atomic.Uint64
	toClient   atomic.Uint64
}

// Attempted counts how one connection attempt ended.
func (e *Endpoint) Attempted(o Outcome) { e.outcomes[o].Add(1) }

// Acquire counts a session that uses the endpoint, Release its end and what it
// relayed, in bytes.
func (e *Endpoint) Acquire() { e.sessions.Add(1) }

// Release undoes Acquire.
func (e *Endpoint) Release(fromClient, toClient uint64) {
	e.fromClient.Add(fromClient)
	e.toClient.Add(toClient)
	e.sessions.Add(-1)
}

// EndpointStats is a snapshot of an Endpoint. Bytes are counted when a
// session ends.
type EndpointStats struct {
	Name                 string
	Sessions             int64
	Attempts             map[Outcome]uint64
	FromClient, ToClient uint64
}

// Stats returns a snapshot; the figures are each exact, not all of one instant.
func (e *Endpoint) Stats() EndpointStats {
	s := EndpointStats{
		Name:       e.Name,
		Sessions:   e.sessions.Load(),
		Attempts:   make(map[Outcome]uint64, outcomes),
		FromClient: e.fromClient.Load(),
		ToClient:   e.toClient.Load(),
	}
	for o := range outcomes {
		s.Attempts[o] = e.outcomes[o].Load()
	}
	return s
}

// maxEndpoints bounds a Registry: past it, endpoints without sessions are
// forgotten, and their counters with them.
const maxEndpoints = 65536

// Registry holds the endpoints by name. The zero value is empty and ready.
// Safe for concurrent use.
type Registry struct {
	mu    sync.Mutex
	m     map[string]*Endpoint
	bound int // of len(m); more than maxEndpoints if so many have sessions
}

// Acquire returns the endpoint of that name, made if new, with one more
// session counted.
func (r *Registry) Acquire(name string) *Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, known := r.m[name]
	if !known {
		e = r.add(name)
	}
	e.Acquire()
	return e
}

func (r *Registry) add(name string) *Endpoint {
	if r.m == nil {
		r.m = make(map[string]*Endpoint)
	}
	if len(r.m) >= max(r.bound, maxEndpoints) {
		r.forgetIdle()
		// If most are busy the next search had better be far away.
		r.bound = len(r.m) + maxEndpoints/2
	}
	e := &Endpoint{Name: name}
	r.m[name] = e
	return e
}

func (r *Registry) forgetIdle() {
	for name, e := range r.m {
		if e.sessions.Load() == 0 {
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

// ConnectTimeout returns how long the next connection attempt may take: the
// time that is left, shared evenly among the addresses that are left, so that
// one black hole doesn't use up the time of the others.
func ConnectTimeout(left time.Duration, addresses int) time.Duration {
	return left / time.Duration(max(addresses, 1))
}
