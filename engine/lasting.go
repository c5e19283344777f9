package engine

import (
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// moved are bytes, both ways.
type moved struct{ fromClient, toClient uint64 }

func (m *moved) add(more moved) {
	m.fromClient += more.fromClient
	m.toClient += more.toClient
}

// since is what has been moved since before.
func (m moved) since(before moved) moved {
	return moved{m.fromClient - before.fromClient, m.toClient - before.toClient}
}

// stay is what a session has moved at one of its backends.
type stay struct {
	route *resolve.Route
	moved
}

// lasting is what sessions have moved that are still there. Resources and endpoints count
// it when a session ends: to count it as it moves, all loops would have to write to the same
// memory.
type lasting struct {
	resources map[place]*moved
	endpoints map[string]*moved
}

// lasting adds it up, as it is asked for after the figures of those that have ended: what
// ends in between is missing once, rather than there twice.
func (e *Engine) lasting() *lasting {
	l := &lasting{make(map[place]*moved), make(map[string]*moved)}
	e.driver.look(func(v *sessionView) {
		if v.route != nil {
			l.add(stay{v.route, v.here}, !v.listener.isWeb())
		}
		for _, s := range v.stays {
			l.add(s, true)
		}
	})
	return l
}

// add adds what was moved at one backend. alone says that it was over a connection that
// is the session's: those to HTTP backends tell their endpoints themselves.
func (l *lasting) add(s stay, alone bool) {
	if alone {
		sum(l.endpoints, s.route.Endpoint).add(s.moved)
	}
	sum(l.resources, place{s.route.Protocol, s.route.Resource}).add(s.moved)
}

// addTo adds it to the figures of sessions that have ended.
func (l *lasting) addTo(endpoints []upstream.EndpointStats, resources []upstream.ResourceStats) {
	for i := range endpoints {
		if m, e := l.endpoints[endpoints[i].Name], &endpoints[i]; m != nil {
			e.FromClient, e.ToClient = e.FromClient+m.fromClient, e.ToClient+m.toClient
		}
	}
	for i := range resources {
		if m, r := l.resources[place{resources[i].Protocol, resources[i].Name}], &resources[i]; m != nil {
			r.FromClient, r.ToClient = r.FromClient+m.fromClient, r.ToClient+m.toClient
		}
	}
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
