package engine

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

// probe says whether the backend of a resource that was started serves. Of HTTP
// any status will do that isn't the server's own failure: what the application says
// at that path isn't known.
func (e *Engine) probe(ctx context.Context, route *resolve.Route) error {
	return e.check(ctx, route, e.cfg().ColdStartCheck, 500)
}

// watch has the endpoint that was chosen checked from now on, if that is wanted.
func (e *Engine) watch(c *upstream.Choice) {
	if !e.checker.Wants(c.Endpoint, time.Now()) {
		return
	}
	req, name := c.Route.Request, c.Endpoint.Name
	e.checker.Watch(c.Endpoint, func(ctx context.Context) error {
		route := e.place(ctx, req, name)
		if route == nil {
			return upstream.ErrAsleep
		}
		return e.check(ctx, route, e.cfg().Upstream.Health.Mode, 0)
	})
}

// place looks the resource up anew: how to get to its endpoint of that name, nil if
// that has gone or sleeps.
func (e *Engine) place(ctx context.Context, req resolve.Request, name string) *resolve.Route {
	route, err := e.cache.Fetch(ctx, req)
	if err != nil || route.State != resolve.Ready {
		return nil
	}
	for _, r := range append([]*resolve.Route{route}, route.Alternatives...) {
		if r.Endpoint == name {
			return r
		}
	}
	return nil
}

// check looks once whether the route's backend serves, as far as that can be told
// without a client's credentials. below is what the status of HTTP must be below, 0
// for the usual.
func (e *Engine) check(ctx context.Context, route *resolve.Route, mode upstream.Mode, below int) error {
	l, leg := e.checkLeg(route)
	fn := check.Func(check.TCP)
	if mode == upstream.Protocol {
		o := check.Options{Path: e.cfg().Upstream.Health.Path, Host: route.Resource, Below: below}
		if leg.verify != tlsterm.Off {
			o.TLS = e.cfg().TLS.Backends.Config(leg.verify, leg.name, l.Front.ALPN)
		}
		fn = check.For(route.Protocol, o)
	}
	return check.Run(ctx, dialCheck(leg.header), route.Addrs, fn)
}

// checkLeg is how the route's backend is reached, over a listener's settings. Where
// listeners of one protocol differ, the first one's way is taken.
func (e *Engine) checkLeg(route *resolve.Route) (*Listener, backendTLS) {
	for i := range e.cfg().Listeners {
		l := &e.cfg().Listeners[i]
		if l.Front.Protocol.String() != route.Protocol {
			continue
		}
		leg, err := e.backendTLS(l, route)
		if err != nil {
			leg = backendTLS{} // its clients are told
		}
		return l, leg
	}
	return nil, backendTLS{}
}

// dialCheck connects for a check, which has no client to tell of.
func dialCheck(header proxyheader.Version) check.Dialer {
	return func(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address.String())
		if err != nil || header == proxyheader.None {
			return conn, err
		}
		// A connection that is broken already shows when it is looked at.
		_, _ = conn.Write(proxyheader.Header{}.Append(nil, header))
		return conn, nil
	}
}
