package resolve

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// maxAddrs bounds the addresses of one route: dialling ends long before.
const maxAddrs = 16

// LookupFunc finds the addresses of a DNS name in the order to dial them. It
// is called from many goroutines at once, never from an event loop, and must
// honour ctx.
//
// ttl is how long the answer holds, also if it is an error: 0 if that isn't
// known, negative if it holds for this question only. A *net.DNSError says by
// IsNotFound that the name is known to have no address, as opposed to not being
// known, in which case a stale route may serve on.
type LookupFunc func(ctx context.Context, name string) (addrs []netip.Addr, ttl time.Duration, err error)

// SystemLookup is the default LookupFunc: net.DefaultResolver, which doesn't
// tell the TTL. It sorts by RFC 6724.
func SystemLookup(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	return addrs, 0, err
}

// locate finds the addresses of every endpoint of a route. One that can be
// dialled is enough; a resource that is cold needs none, it may get its place
// only by waking.
func (c *Cache) locate(ctx context.Context, r *Route) (err error) {
	if len(r.Others) > MaxOthers {
		return Errorf(Internal, "%d endpoints are more than %d", 1+len(r.Others), 1+MaxOthers)
	}
	var located []*Route
	var until time.Time // the first of all answers to go
	for _, endpoint := range append([]string{r.Endpoint}, r.Others...) {
		addrs, holds, fault := c.addresses(ctx, r.Protocol, endpoint)
		until = earlier(until, holds)
		if fault != nil {
			err = cmp.Or(err, fault)
			continue
		}
		at := &Route{Request: r.Request, Result: r.Result, Addrs: addrs}
		at.Endpoint = endpoint
		located = append(located, at)
	}
	r.addrsUntil, r.first = until, r.Endpoint
	if len(located) > 0 {
		r.Endpoint, r.Addrs, r.Alternatives = located[0].Endpoint, located[0].Addrs, located[1:]
		return nil
	}
	if r.State == Cold && KindOf(err) != Forbidden {
		return nil
	}
	return err
}

// earlier returns the earlier of two ends; the zero Time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// addresses returns what to dial for a protocol's endpoint, and until when that
// or the error holds, the zero Time if it is for good.
func (c *Cache) addresses(ctx context.Context, protocol, endpoint string) (addrs []netip.AddrPort, until time.Time, err error) {
	host, port, err := ParseEndpoint(endpoint)
	if err != nil {
		return nil, until, &Error{Kind: Internal, Err: err}
	}
	found, until, err := c.hostAddresses(ctx, host)
	if err != nil {
		return nil, until, err
	}
	addrs, err = permitted(c.o().guard(protocol), found, port)
	if err != nil {
		return nil, until, Errorf(Forbidden, "endpoint %q: %w", endpoint, err)
	}
	return addrs, until, nil
}

func (c *Cache) hostAddresses(ctx context.Context, host string) (found []netip.Addr, until time.Time, err error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, until, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.o().Timeout)
	defer cancel()
	found, ttl, err := c.o().Lookup(ctx, host)
	until = time.Now().Add(orDefault(ttl, maxNamedTTL))
	if err != nil {
		return nil, until, dnsError(host, err)
	}
	if len(found) == 0 {
		return nil, until, Errorf(Unavailable, "endpoint's name %q has no address", host)
	}
	return found, until, nil
}

// dnsError classifies a failed lookup. A name that doesn't exist isn't
// NotFound: the resolver does know the resource.
func dnsError(host string, err error) error {
	kind := Unavailable
	var dns *net.DNSError
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dns) && dns.IsTimeout {
		kind = Timeout
	}
	return Errorf(kind, "endpoint's name %q: %w", host, err)
}

// noAddress says that DNS knows an endpoint's name to have no address.
func noAddress(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// permitted drops what the guard refuses; if it refuses everything, its first
// verdict is the error.
func permitted(guard Guard, found []netip.Addr, port uint16) ([]netip.AddrPort, error) {
	var addrs []netip.AddrPort
	var refused error
	for _, addr := range found {
		if err := guard.Check(addr); err != nil {
			if refused == nil {
				refused = err
			}
			continue
		}
		if len(addrs) < maxAddrs {
			addrs = append(addrs, netip.AddrPortFrom(addr.Unmap(), port))
		}
	}
	if len(addrs) == 0 {
		return nil, refused
	}
	return addrs, nil
}
