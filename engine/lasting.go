package engine

// moved are bytes, both ways.
type moved struct{ fromClient, toClient uint64 }

func (m *moved) add(v *sessionView) {
	m.fromClient += v.fromClient
	m.toClient += v.toClient
}

// lasting is what sessions have moved that are still there. Resources and endpoints count
// it when a session ends: to count it as it moves, all loops would have to write to the same
// memory.
type lasting struct {
	resources map[place]*moved
	endpoints map[string]*moved
}

// lasting adds it up, as it is asked for after the figures of those that have ended: what
// ends in between is missing once, rather than there twice. HTTP connections that serve
// requests count when they end only.
func (e *Engine) lasting() lasting {
	l := lasting{make(map[place]*moved), make(map[string]*moved)}
	e.driver.look(func(v *sessionView) {
		if v.piped && v.route != nil {
			sum(l.resources, place{v.route.Protocol, v.route.Resource}).add(v)
			sum(l.endpoints, v.route.Endpoint).add(v)
		}
	})
	return l
}

// sum returns the sum of a key, made if new.
func sum[K comparable](all map[K]*moved, key K) *moved {
	m := all[key]
	if m == nil {
		m = new(moved)
		all[key] = m
	}
	return m
}
