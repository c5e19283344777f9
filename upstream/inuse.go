package upstream

// InUse returns the names of a protocol's resources that have sessions, at no one
// instant. It looks at every resource there is.
func (r *Resources) InUse(protocol string) []string {
	var names []string
	for i := range r.shards {
		names = r.shards[i].appendInUse(names, protocol)
	}
	return names
}

func (s *resourceShard) appendInUse(names []string, protocol string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, res := range s.m {
		if k.protocol == protocol && res.sessions > 0 {
			names = append(names, k.name)
		}
	}
	return names
}
