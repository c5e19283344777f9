package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/singleflight"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Resolver finds the addresses of names and keeps them, for all resources that
// live there. Safe for concurrent use; it holds nothing that needs closing.
type Resolver struct {
	o       Options
	conf    file[*config]
	hosts   file[hosts]
	cache   *cache
	flights singleflight.Group
	// preferred is the index of the server that answered last: one that is
	// down is waited for once, not with every question.
	preferred atomic.Uint32

	// exchange and source are the network's part.
	exchange exchangeFunc
	source   sourceFunc
}

var _ resolve.LookupFunc = (*Resolver)(nil).Lookup

// New returns a Resolver. It reads the system's files when first asked.
func New(o Options) *Resolver {
	o = o.withDefaults()
	return &Resolver{
		o:        o,
		conf:     file[*config]{path: o.ResolvConf, parse: parseConfig},
		hosts:    file[hosts]{path: o.Hosts, parse: parseHosts},
		cache:    newCache(o.MaxNames),
		exchange: exchange,
		source:   sourceOf,
	}
}

// failureTTL is how long a failure is repeated, or hidden by a stale answer,
// before the servers are asked again (RFC 2308 section 7).
const failureTTL = time.Second

// Lookup implements resolve.LookupFunc. Errors are *net.DNSError but for the end
// of ctx, which ends the waiting of this caller only; the question itself ends
// by Options.Timeout.
func (r *Resolver) Lookup(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
	name = strings.ToLower(name) // its last dot tells whether the search list applies
	a := r.cache.get(name)
	if a == nil || !time.Now().Before(a.expires) {
		flight := r.flights.DoChan(name, func() (any, error) { return r.refresh(name), nil })
		select {
		case landed := <-flight:
			a = landed.Val.(*answer)
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	left := time.Until(a.expires)
	if left <= 0 {
		left = -1
	}
	return slices.Clone(a.addrs), left, a.err
}

// refresh asks for a name and keeps what it came to: what was known before, if
// that is better than a failure.
func (r *Resolver) refresh(name string) *answer {
	ctx, cancel := context.WithTimeout(context.Background(), r.o.Timeout)
	defer cancel()
	addrs, ttl, err := r.find(ctx, name)
	now := time.Now()
	a := &answer{name: name, addrs: addrs, err: err, expires: now.Add(ttl)}
	if err == nil {
		a.staleUntil = now.Add(max(ttl, 0) + r.o.StaleFor)
	} else if old := r.cache.get(name); old != nil && !isNotFound(err) && now.Before(old.staleUntil) {
		a = &answer{name: name, addrs: old.addrs, expires: now.Add(min(ttl, old.staleUntil.Sub(now))), staleUntil: old.staleUntil}
	}
	r.cache.put(a)
	return a
}

// find asks the hosts file, and then the servers for one candidate after the
// other. A failure isn't followed by the next one: for want of an answer a name
// must not slide to another host.
func (r *Resolver) find(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
	if addrs := r.hosts.get().find(canonical(name)); addrs != nil {
		return order(addrs, r.source), r.o.positive(checkEvery), nil
	}
	conf := r.conf.get().withServers(r.o.Servers)
	missing, ttl := verdict(noName), r.o.NegativeTTL
	for _, candidate := range conf.candidates(name) {
		if _, ok := dns.IsDomainName(candidate); !ok {
			continue // with that suffix it is too long
		}
		switch f := r.ask(ctx, conf, candidate); f.verdict {
		case found:
			return order(f.addrs, r.source), r.o.positive(f.ttl), nil
		case failed:
			return nil, failureTTL, failure(name, f.err)
		default:
			missing, ttl = min(missing, f.verdict), min(ttl, r.o.negative(f.ttl))
		}
	}
	return nil, ttl, &net.DNSError{Err: missing.String(), Name: name, IsNotFound: true}
}

func failure(name string, err error) error {
	var timeout net.Error
	late := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
	return &net.DNSError{UnwrapErr: err, Err: err.Error(), Name: name, IsTimeout: late, IsTemporary: true}
}

func isNotFound(err error) bool {
	var fault *net.DNSError
	return errors.As(err, &fault) && fault.IsNotFound
}
