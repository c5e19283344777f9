package resolve

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// resolving is a LookupFunc that gives what it holds.
type resolving struct {
	addrs []netip.Addr
	ttl   time.Duration
	err   error
	asked int
}

func (r *resolving) lookup(context.Context, string) ([]netip.Addr, time.Duration, error) {
	r.asked++
	return r.addrs, r.ttl, r.err
}

func gone(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// TestNotStaleOnceTheNameIsGone: its old address may be another tenant's by now.
func TestNotStaleOnceTheNameIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &resolving{addrs: []netip.Addr{netip.MustParseAddr("8.8.8.8")}, ttl: time.Second}
		c := NewCache(answering(Result{Endpoint: "db:1"}, nil), CacheOptions{Lookup: r.lookup})
		mustFetch(t, c, "orders")
		time.Sleep(time.Second)
		r.addrs, r.err = nil, gone("db")
		wantKind(t, c, "orders", Unavailable)
	})
}

// TestErrorOfDNSHoldsAsLongAsItSays, and not for longer than errors do.
func TestErrorOfDNSHoldsAsLongAsItSays(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Second: time.Second,
		time.Hour:   DefaultNegativeTTL,
		0:           DefaultNegativeTTL,
		-1:          0,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &resolving{ttl: ttl, err: gone("db")}
			c := NewCache(answering(Result{Endpoint: "db:1"}, nil), CacheOptions{Lookup: r.lookup})
			wantKind(t, c, "orders", Unavailable)
			if got := keptFor(c.Local("postgresql"), "orders"); got != want {
				t.Errorf("TTL %v: the error is kept for %v, want %v", ttl, got, want)
			}
		})
	}
}

// TestWokenHoldsAsLongAsItsName: that it is awake says nothing of its address.
func TestWokenHoldsAsLongAsItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &resolving{addrs: []netip.Addr{netip.MustParseAddr("8.8.8.8")}, ttl: 10 * time.Second}
		c := NewCache(answering(Result{Endpoint: "db:1", State: Cold}, nil), CacheOptions{Lookup: r.lookup})
		route := mustFetch(t, c, "orders")
		time.Sleep(3 * time.Second)
		c.Woken(route)
		if got := keptFor(c.Local("postgresql"), "orders"); got != 7*time.Second {
			t.Errorf("the woken route is kept for %v, want what is left of the name's TTL", got)
		}
	})
}
