package upstream

import "time"

// ResourceStats is a snapshot of a Resource.
type ResourceStats struct {
	// Protocol and Name are the resource's.
	Protocol, Name string
	// Sessions are those of now.
	Sessions int
	// FromClient and ToClient are the bytes of sessions that have ended, since the
	// resource was seen first or anew after it was forgotten.
	FromClient, ToClient uint64
	// LastActivity is when a session came or went last, or was in use; zero if none has.
	LastActivity time.Time
	// Blocked says that new sessions are refused.
	Blocked bool
}

// Moved counts what a session of the resource has relayed, in bytes, before it
// leaves. A nil resource is none.
func (r *Resources) Moved(res *Resource, fromClient, toClient uint64) {
	if res == nil {
		return
	}
	s := r.shard(res.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	res.fromClient += fromClient
	res.toClient += toClient
}

// Stats returns a snapshot of every resource that is known, in no order.
func (r *Resources) Stats() []ResourceStats {
	var all []ResourceStats
	for i := range r.shards {
		all = r.shards[i].appendStats(all, r.born)
	}
	return all
}

func (s *resourceShard) appendStats(all []ResourceStats, born time.Time) []ResourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, res := range s.m {
		all = append(all, res.stats(born))
	}
	return all
}

// stats is a snapshot. The caller holds the shard's lock.
func (r *Resource) stats(born time.Time) ResourceStats {
	s := ResourceStats{
		Protocol: r.key.protocol, Name: r.key.name, Sessions: r.sessions,
		FromClient: r.fromClient, ToClient: r.toClient, Blocked: r.blocked,
	}
	if at := r.active.Load(); at != 0 {
		s.LastActivity = born.Add(time.Duration(at))
	}
	return s
}
