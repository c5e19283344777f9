package upstream

// ResourceStats is a snapshot of a Resource.
type ResourceStats struct {
	// Protocol and Name are the resource's.
	Protocol, Name string
	// Sessions are those of now.
	Sessions int
	// FromClient and ToClient are the bytes of sessions that have ended, since the
	// resource was seen first or anew after it was forgotten.
	FromClient, ToClient uint64
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
		all = r.shards[i].appendStats(all)
	}
	return all
}

func (s *resourceShard) appendStats(all []ResourceStats) []ResourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, res := range s.m {
		all = append(all, ResourceStats{k.protocol, k.name, res.sessions, res.fromClient, res.toClient})
	}
	return all
}
