package upstream

import (
	"errors"
	"sync"
	"sync/atomic"
)

// maxBlocked bounds the resources that are blocked at once: they aren't forgotten.
const maxBlocked = 4096

// ErrTooManyBlocked says that as many resources are blocked as may be.
var ErrTooManyBlocked = errors.New("too many resources are blocked")

// blocks counts the blocked resources. The zero value is none.
type blocks struct {
	mu sync.Mutex // held while one is blocked or unblocked, before a shard's
	n  atomic.Int64
}

// Block has new sessions of a resource refused until Unblock, be it known or not.
// Those that are there stay. Again is no harm; the error is ErrTooManyBlocked.
func (r *Resources) Block(protocol, name string) error {
	r.blocks.mu.Lock()
	defer r.blocks.mu.Unlock()
	if r.Blocked(protocol, name) {
		return nil
	}
	if r.blocks.n.Load() >= maxBlocked {
		return ErrTooManyBlocked
	}
	k := resourceKey{protocol, name}
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(k).blocked = true
	r.blocks.n.Add(1)
	return nil
}

// Unblock ends Block; false says that the resource wasn't blocked.
func (r *Resources) Unblock(protocol, name string) bool {
	r.blocks.mu.Lock()
	defer r.blocks.mu.Unlock()
	if !r.Blocked(protocol, name) {
		return false
	}
	k := resourceKey{protocol, name}
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k].blocked = false
	r.blocks.n.Add(-1)
	return true
}

// Blocked says whether the resource is blocked. It takes an atomic load as long as
// none is.
func (r *Resources) Blocked(protocol, name string) bool {
	if r.blocks.n.Load() == 0 {
		return false // nearly always
	}
	k := resourceKey{protocol, name}
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	res := s.m[k]
	return res != nil && res.blocked
}
