package resolve

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
)

// maxAddrs bounds the addresses of one route: dialling ends long before.
const maxAddrs = 16

// LookupFunc finds the addresses of a DNS name in the order to dial them. It
// is called from many goroutines at once and must honour ctx.
type LookupFunc func(ctx context.Context, name string) ([]netip.Addr, error)

// lookupNetIP is the default LookupFunc. It sorts by RFC 6724.
func lookupNetIP(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// locate finds the addresses of every endpoint of a route and says whether one of
// them is a name. One that can be dialled is enough; a resource that is cold
// needs none, it may get its place only by waking.
func (c *Cache) locate(ctx context.Context, r *Route) (named bool, err error) {
	if len(r.Others) > MaxOthers {
		return false, Errorf(Internal, "%d endpoints are more than %d", 1+len(r.Others), 1+MaxOthers)
	}
	var located []*Route
	for _, endpoint := range append([]string{r.Endpoint}, r.Others...) {
		addrs, isName, fault := c.addresses(ctx, r.Protocol, endpoint)
		named = named || isName
		if fault != nil {
			err = cmp.Or(err, fault)
			continue
		}
		at := &Route{Request: r.Request, Result: r.Result, Addrs: addrs}
		at.Endpoint = endpoint
		located = append(located, at)
	}
	if len(located) > 0 {
		r.Endpoint, r.Addrs, r.Alternatives = located[0].Endpoint, located[0].Addrs, located[1:]
		return named, nil
	}
	if r.State == Cold && KindOf(err) != Forbidden {
		return true, nil
	}
	return named, err
}

// addresses returns what to dial for a protocol's endpoint, and whether it is a
// name.
func (c *Cache) addresses(ctx context.Context, protocol, endpoint string) (addrs []netip.AddrPort, named bool, err error) {
	host, port, err := ParseEndpoint(endpoint)
	if err != nil {
		return nil, false, &Error{Kind: Internal, Err: err}
	}
	found, named, err := c.hostAddresses(ctx, host)
	if err != nil {
		return nil, named, err
	}
	addrs, err = permitted(c.o.guard(protocol), found, port)
	if err != nil {
		return nil, named, Errorf(Forbidden, "endpoint %q: %w", endpoint, err)
	}
	return addrs, named, nil
}

func (c *Cache) hostAddresses(ctx context.Context, host string) (found []netip.Addr, named bool, err error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	found, err = c.o.Lookup(ctx, host)
	if err != nil {
		return nil, true, dnsError(host, err)
	}
	if len(found) == 0 {
		return nil, true, Errorf(Unavailable, "endpoint's name %q has no address", host)
	}
	return found, true, nil
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
