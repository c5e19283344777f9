package upstream

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/upstream/limits"
)

// Resource counts the sessions of one resource of one protocol. Most of its methods are
// those of Resources.
type Resource struct {
	key                  resourceKey
	sessions             int
	blocked              bool
	active               atomic.Int64 // when it was used last, as Resources.Now; 0 if never
	told                 atomic.Int64 // when somebody was told of that, likewise
	fromClient, toClient uint64       // of sessions that have ended
	rate                 limits.Rate  // of new sessions
}

type resourceKey struct{ protocol, name string }

// Allowance bounds a resource's sessions; 0 is no bound.
type Allowance struct {
	// Sessions at once.
	Sessions int
	// Rate is of new sessions per second. As many may come at once.
	Rate int
}

// maxResources bounds one shard: past it, resources without sessions are
// forgotten, unless they are blocked, and with them what is left of their allowance.
const maxResources = 1 << 12

const shards = 64

// Resources holds the resources that have sessions, or had. Make it with
// NewResources. Safe for concurrent use; nothing blocks.
type Resources struct {
	seed   maphash.Seed
	born   time.Time // the origin of the rates' time
	blocks blocks
	shards [shards]resourceShard
}

type resourceShard struct {
	mu sync.Mutex
	m  map[resourceKey]*Resource
	// bound is of len(m): more than maxResources if so many have sessions.
	bound int
	_     [40]byte // a cache line each
}

// NewResources returns an empty one.
func NewResources() *Resources { return &Resources{seed: maphash.MakeSeed(), born: time.Now()} }

func (r *Resources) shard(k resourceKey) *resourceShard {
	return &r.shards[maphash.Comparable(r.seed, k)%shards]
}

// Enter counts a new session in, within what is allowed at the time now. nil says
// that it isn't, or that the resource is blocked.
func (r *Resources) Enter(protocol, name string, a Allowance, now time.Time) *Resource {
	k := resourceKey{protocol, name}
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	res := s.find(k)
	at := now.Sub(r.born)
	if res.blocked || a.Sessions > 0 && res.sessions >= a.Sessions || a.Rate > 0 && !res.rate.Take(a.Rate, at) {
		return nil
	}
	res.sessions++
	res.active.Store(max(int64(at), 1))
	res.told.Store(int64(at))
	return res
}

// Leave counts a session out. A nil resource is none.
func (r *Resources) Leave(res *Resource) {
	if res == nil {
		return
	}
	s, at := r.shard(res.key), r.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	res.sessions--
	res.active.Store(int64(at))
}

// Now is the time since the Resources were made, which is Used's.
func (r *Resources) Now() time.Duration { return time.Since(r.born) }

// activityStep is how exact a resource's last activity is.
const activityStep = time.Second

// Used notes that a session of the resource is in use at the time now. true says that
// since a session came, or true was said, the interval has passed. It writes once in a
// while only, so that it may be called for each request. A nil resource is none.
func (res *Resource) Used(now, interval time.Duration) bool {
	if res == nil {
		return false
	}
	if now-time.Duration(res.active.Load()) >= activityStep {
		res.active.Store(int64(now))
	}
	told := res.told.Load()
	return now-time.Duration(told) >= interval && res.told.CompareAndSwap(told, int64(now))
}

// Sessions returns how many sessions a resource has.
func (r *Resources) Sessions(protocol, name string) int {
	k := resourceKey{protocol, name}
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if res := s.m[k]; res != nil {
		return res.sessions
	}
	return 0
}

func (s *resourceShard) find(k resourceKey) *Resource {
	if res := s.m[k]; res != nil {
		return res
	}
	if s.m == nil {
		s.m = make(map[resourceKey]*Resource)
	}
	if len(s.m) >= max(s.bound, maxResources) {
		s.forgetIdle()
		// If most are busy the next search had better be far away.
		s.bound = len(s.m) + maxResources/2
	}
	res := &Resource{key: k}
	s.m[k] = res
	return res
}

func (s *resourceShard) forgetIdle() {
	for k, res := range s.m {
		if res.sessions == 0 && !res.blocked {
			delete(s.m, k)
		}
	}
}
