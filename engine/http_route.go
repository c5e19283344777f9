package engine

import (
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// lastRoute is where the last request of an HTTP connection went. The zero value
// is that of a connection without one.
type lastRoute struct {
	route    *resolve.Route     // as resolved
	resource *upstream.Resource // entered, which the resolver knows; nil if it isn't
	before   moved              // what the connection had moved when it came there
}

// arrive has a client's request go by a route that isn't refused. place is one
// at its resource, nil if that has to be taken; false says that there is none.
// all is what the connection has moved so far, now as upstream.Resources.Now. The
// resolver is told when the route isn't the last one's.
func (l *lastRoute) arrive(e *Engine, route *resolve.Route, place *upstream.Resource, client netip.AddrPort, all moved, now time.Duration) bool {
	if l.resource != nil && l.route.Resource == route.Resource && l.route.Endpoint == route.Endpoint {
		e.resources.Leave(place)
		l.route = route // the same, looked up anew
		l.used(e, client, all, now)
		return true
	}
	l.depart(e, route, client, all)
	if place == nil {
		place = e.enter(route)
	}
	if place == nil {
		return false
	}
	l.resource, l.before = place, all
	e.tracker().put(trackConnect, route, client, 0, 0)
	return true
}

// depart ends the connection's stay where its last request went; route is where
// the next one was to go.
func (l *lastRoute) depart(e *Engine, route *resolve.Route, client netip.AddrPort, all moved) {
	if l.resource != nil {
		here := l.here(all)
		e.tracker().put(trackDisconnect, l.route, client, here.fromClient, here.toClient)
		e.resources.Moved(l.resource, here.fromClient, here.toClient)
		e.resources.Leave(l.resource)
	}
	l.route, l.resource = route, nil
}

// used tells the resolver, now and then, that the connection is in use where it is.
func (l *lastRoute) used(e *Engine, client netip.AddrPort, all moved, now time.Duration) {
	if l.resource.Used(now, e.cfg().TrackInterval) {
		here := l.here(all)
		e.tracker().put(trackActivity, l.route, client, here.fromClient, here.toClient)
	}
}

// here is what the connection has moved since it came to its resource.
func (l *lastRoute) here(all moved) moved {
	if l.resource == nil {
		return moved{}
	}
	return all.since(l.before)
}
