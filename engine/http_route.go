package engine

import (
	"net/netip"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// lastRoute is where the last request of an HTTP connection went. The zero value
// is that of a connection without one.
type lastRoute struct {
	route   *resolve.Route
	tracked bool // the resolver knows of route
}

// track remembers the route of a client's request, and tells the resolver when
// it isn't the last one's. fromClient and toClient are the connection's bytes so
// far.
func (l *lastRoute) track(e *Engine, route *resolve.Route, client netip.AddrPort, fromClient, toClient uint64) {
	if l.tracked && route.Err == nil && l.route.Resource == route.Resource && l.route.Endpoint == route.Endpoint {
		l.route = route // the same, looked up anew
		return
	}
	if l.tracked {
		e.tracker.put(trackDisconnect, l.route, client, fromClient, toClient)
	}
	l.route, l.tracked = route, route.Err == nil
	if l.tracked {
		e.tracker.put(trackConnect, route, client, 0, 0)
	}
}
