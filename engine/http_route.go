package engine

import (
	"net/netip"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// lastRoute is where the last request of an HTTP connection went. The zero value
// is that of a connection without one.
type lastRoute struct {
	route    *resolve.Route     // as resolved
	resource *upstream.Resource // entered, as long as tracked
	tracked  bool               // the resolver knows of route
}

// arrive has a client's request go by a route that isn't refused. place is one
// at its resource, nil if that has to be taken; false says that there is none.
// fromClient and toClient are the connection's bytes so far, for the resolver,
// who is told when the route isn't the last one's.
func (l *lastRoute) arrive(e *Engine, route *resolve.Route, place *upstream.Resource, client netip.AddrPort, fromClient, toClient uint64) bool {
	if l.tracked && l.route.Resource == route.Resource && l.route.Endpoint == route.Endpoint {
		e.resources.Leave(place)
		l.route = route // the same, looked up anew
		return true
	}
	l.depart(e, route, client, fromClient, toClient)
	if place == nil {
		place = e.enter(route)
	}
	if l.resource = place; place == nil {
		return false
	}
	l.tracked = true
	e.tracker().put(trackConnect, route, client, 0, 0)
	return true
}

// depart ends the connection's stay where its last request went; route is where
// the next one was to go.
func (l *lastRoute) depart(e *Engine, route *resolve.Route, client netip.AddrPort, fromClient, toClient uint64) {
	if l.tracked {
		e.tracker().put(trackDisconnect, l.route, client, fromClient, toClient)
		e.resources.Leave(l.resource)
	}
	l.route, l.resource, l.tracked = route, nil, false
}
