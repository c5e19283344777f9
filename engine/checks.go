package engine

import (
	"context"
	"net"
	"net/netip"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

// probe says whether the route's backend serves, as far as that can be told
// without a client's credentials.
func (e *Engine) probe(ctx context.Context, route *resolve.Route) error {
	return e.check(ctx, route, e.cfg.ColdStartCheck)
}

// check looks once whether the route's backend serves.
func (e *Engine) check(ctx context.Context, route *resolve.Route, mode upstream.Mode) error {
	l, leg := e.checkLeg(route)
	fn := check.Func(check.TCP)
	if mode == upstream.Protocol {
		o := check.Options{Path: e.cfg.Upstream.Health.Path}
		if leg.verify != tlsterm.Off {
			o.TLS = e.cfg.TLS.Backends.Config(leg.verify, leg.name, l.Front.ALPN)
		}
		fn = check.For(route.Protocol, o)
	}
	return check.Run(ctx, dialCheck(leg.header), route.Addrs, fn)
}

// checkLeg is how the route's backend is reached, over a listener's settings. Where
// listeners of one protocol differ, the first one's way is taken.
func (e *Engine) checkLeg(route *resolve.Route) (*Listener, backendTLS) {
	for i := range e.cfg.Listeners {
		l := &e.cfg.Listeners[i]
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
