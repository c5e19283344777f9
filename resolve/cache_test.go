package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRouteTTL(t *testing.T) {
	tests := []struct {
		name string
		o    CacheOptions
		res  Result
		want time.Duration
	}{
		{"the default", CacheOptions{}, Result{Endpoint: "192.0.0.9:1"}, 60 * time.Second},
		{"configured", CacheOptions{TTL: 7 * time.Second}, Result{Endpoint: "192.0.0.9:1"}, 7 * time.Second},
		{"the resolver's", CacheOptions{TTL: 7 * time.Second}, Result{Endpoint: "192.0.0.9:1", TTL: 90 * time.Second}, 90 * time.Second},
		{"the resolver forbids", CacheOptions{}, Result{Endpoint: "192.0.0.9:1", TTL: -1}, 0},
		{"configured not to", CacheOptions{TTL: -1}, Result{Endpoint: "192.0.0.9:1"}, 0},
		{"configured not to, but the resolver's", CacheOptions{TTL: -1}, Result{Endpoint: "192.0.0.9:1", TTL: 3 * time.Second}, 3 * time.Second},
		{"a name", CacheOptions{}, Result{Endpoint: "db:1"}, 30 * time.Second},
		{"a name, shorter", CacheOptions{}, Result{Endpoint: "db:1", TTL: 4 * time.Second}, 4 * time.Second},
		{"a name, longer", CacheOptions{}, Result{Endpoint: "db:1", TTL: time.Hour}, 30 * time.Second},
		{"a name with a TTL", CacheOptions{}, Result{Endpoint: "long:1", TTL: time.Hour}, time.Minute},
		{"a name with a TTL, shorter", CacheOptions{}, Result{Endpoint: "long:1", TTL: time.Second}, time.Second},
		{"a name with a TTL, by default", CacheOptions{TTL: time.Hour}, Result{Endpoint: "long:1"}, time.Minute},
		{"a name that may change at any time", CacheOptions{}, Result{Endpoint: "never:1"}, 0},
		{"two names", CacheOptions{TTL: time.Hour}, Result{Endpoint: "long:1", Others: []string{"short:1", "192.0.0.10:1"}}, 2 * time.Second},
	}
	ttls := map[string]time.Duration{"long": time.Minute, "short": 2 * time.Second, "never": -1}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.o.Lookup = func(_ context.Context, name string) ([]netip.Addr, time.Duration, error) {
					return []netip.Addr{netip.MustParseAddr("192.0.0.9")}, ttls[name], nil
				}
				f := answering(tt.res, nil)
				c := NewCache(f, tt.o)
				mustFetch(t, c, "orders")
				if got := keptFor(c.Local("postgresql"), "orders"); got != tt.want {
					t.Errorf("the route is kept for %v, want %v", got, tt.want)
				}
				mustFetch(t, c, "orders")
				wantCalls(t, f, "orders", 2)
			})
		})
	}
}

func TestErrorTTL(t *testing.T) {
	own := func(ttl time.Duration) error {
		return &Error{Kind: NotFound, TTL: ttl}
	}
	tests := []struct {
		name string
		o    CacheOptions
		err  error
		want time.Duration
	}{
		{"not found", CacheOptions{}, Errorf(NotFound, "no"), 5 * time.Second},
		{"forbidden", CacheOptions{}, Errorf(Forbidden, "no"), 5 * time.Second},
		{"unavailable", CacheOptions{}, Errorf(Unavailable, "no"), 5 * time.Second},
		{"not an Error", CacheOptions{}, errors.New("broken"), 5 * time.Second},
		{"configured", CacheOptions{NegativeTTL: 2 * time.Second}, Errorf(NotFound, "no"), 2 * time.Second},
		{"configured not to", CacheOptions{NegativeTTL: -1}, Errorf(NotFound, "no"), 0},
		{"the error's", CacheOptions{}, own(20 * time.Second), 20 * time.Second},
		{"the error forbids", CacheOptions{}, own(-1), 0},
		{"the error forbids, wrapped", CacheOptions{}, fmt.Errorf("asking: %w", own(-1)), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := answering(Result{}, tt.err)
				c := NewCache(f, tt.o)
				wantKind(t, c, "orders", KindOf(tt.err))
				l := c.Local("postgresql")
				if r := l.Lookup([]byte("orders")); r != nil && !errors.Is(r.Err, tt.err) {
					t.Errorf("Lookup returns the error %v, want %v", r.Err, tt.err)
				}
				if got := keptFor(l, "orders"); got != tt.want {
					t.Errorf("the error is kept for %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestRouteOf(t *testing.T) {
	res := Result{
		Endpoint: "192.0.0.9:5432", Metadata: map[string]string{"database": "main"},
		Timeout: time.Second, TTL: time.Minute, State: Cold,
	}
	c := NewCache(answering(res, nil), CacheOptions{Lookup: noLookup})
	route, err := c.Fetch(t.Context(), Request{
		Protocol: "postgresql", Resource: "orders",
		Client: netip.MustParseAddrPort("198.51.100.1:40000"), ServerName: "orders.example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	if route.Request != db("orders") {
		t.Errorf("the route's request is %+v: it must keep nothing of the client", route.Request)
	}
	if !sameResult(route.Result, res) {
		t.Errorf("the route's result is %+v, want %+v", route.Result, res)
	}
	if want := []netip.AddrPort{netip.MustParseAddrPort("192.0.0.9:5432")}; !slices.Equal(route.Addrs, want) {
		t.Errorf("the route's addresses are %v, want %v", route.Addrs, want)
	}
}

func TestAddresses(t *testing.T) {
	many := make([]netip.Addr, 40)
	for i := range many {
		many[i] = netip.AddrFrom4([4]byte{8, 8, 8, byte(i)})
	}
	names := map[string][]netip.Addr{
		"mixed":   {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2a00::1"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("8.8.8.8")},
		"private": {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")},
		"mapped":  {netip.MustParseAddr("::ffff:8.8.8.8")},
		"many":    many,
		"empty":   nil,
	}
	tests := []struct {
		endpoint string
		want     string // addresses, or the kind of the error
	}{
		{"mixed:5432", "[2a00::1]:5432 8.8.8.8:5432"},
		{"mapped:1", "8.8.8.8:1"},
		{"[::ffff:8.8.8.8]:1", "8.8.8.8:1"},
		{"private:1", "forbidden"},
		{"10.0.0.1:1", "forbidden"},
		{"[::1]:1", "forbidden"},
		{"[::ffff:127.0.0.1]:1", "forbidden"},
		{"empty:1", "unavailable"},
		{"unknown:1", "unavailable"},
		{"slow:1", "timeout"},
		{"hanging:1", "timeout"},
		{"", "internal"},
		{"8.8.8.8", "internal"},
		{"8.8.8.8:0", "internal"},
		{"127.1:80", "internal"},
	}
	lookup := func(ctx context.Context, name string) ([]netip.Addr, time.Duration, error) {
		switch name {
		case "unknown":
			return nil, 0, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		case "slow":
			return nil, 0, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
		case "hanging":
			<-ctx.Done()
			return nil, 0, ctx.Err()
		}
		return names[name], 0, nil
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewCache(answering(Result{Endpoint: tt.endpoint}, nil), CacheOptions{Lookup: lookup})
				route, err := c.Fetch(t.Context(), db("orders"))
				got := ""
				if err != nil {
					got = KindOf(err).String()
				} else {
					got = joinAddrs(route.Addrs)
				}
				if got != tt.want {
					t.Errorf("%s gives %s (%v), want %s", tt.endpoint, got, err, tt.want)
				}
			})
		})
	}
	t.Run("many", func(t *testing.T) {
		c := NewCache(answering(Result{Endpoint: "many:1"}, nil), CacheOptions{Lookup: lookup})
		if got := mustFetch(t, c, "orders").Addrs; len(got) != maxAddrs || got[0].Addr() != many[0] {
			t.Errorf("%d addresses are kept, from %v, want %d from %v", len(got), got[0], maxAddrs, many[0])
		}
	})
}

func joinAddrs(addrs []netip.AddrPort) string {
	var s []string
	for _, a := range addrs {
		s = append(s, a.String())
	}
	return strings.Join(s, " ")
}

// TestDefaultLookup: "localhost" is found without a network, and refused.
func TestDefaultLookup(t *testing.T) {
	c := NewCache(Fixed("localhost:80"), CacheOptions{})
	wantKind(t, c, "orders", Forbidden)
	c = NewCache(Fixed("localhost:80"), CacheOptions{Guard: Guard{SkipAll: true}})
	if got := mustFetch(t, c, "orders").Addrs[0].Addr(); !got.IsLoopback() {
		t.Errorf("localhost is %v", got)
	}
}

// TestGuards: a protocol may have a guard of its own, which opens nothing for
// the others.
func TestGuards(t *testing.T) {
	c := NewCache(Fixed("127.0.0.1:80"), CacheOptions{Guards: map[string]Guard{"open": {SkipAll: true}}})
	if _, err := c.Fetch(t.Context(), Request{Protocol: "open", Resource: "a"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Fetch(t.Context(), Request{Protocol: "closed", Resource: "a"}); KindOf(err) != Forbidden {
		t.Errorf("got %v, want the guard's refusal", err)
	}
}

func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{resolve: func(context.Context, Request) (Result, error) {
			time.Sleep(time.Second)
			return public, nil
		}}
		c := NewCache(f, CacheOptions{})
		var routes sync.Map
		for range 50 {
			for _, protocol := range []string{"postgresql", "mysql"} {
				go func() {
					route, err := c.Fetch(t.Context(), Request{Protocol: protocol, Resource: "orders"})
					if err != nil {
						t.Errorf("Fetch: %v", err)
					}
					routes.Store(route, protocol)
				}()
			}
		}
		time.Sleep(time.Minute)
		wantCalls(t, f, "orders", 2)
		n := 0
		routes.Range(func(any, any) bool { n++; return true })
		if n != 2 {
			t.Errorf("%d different routes were given out, want one per protocol", n)
		}
	})
}

// TestWaiterLeaves: neither the first waiter nor any other takes the answer
// from the rest when its context ends.
func TestWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{resolve: func(ctx context.Context, _ Request) (Result, error) {
			select {
			case <-time.After(3 * time.Second):
				return public, nil
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
		}}
		c := NewCache(f, CacheOptions{})
		var left, served atomic.Int32
		fetch := func(timeout time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			route, err := c.Fetch(ctx, db("orders"))
			switch {
			case errors.Is(err, context.DeadlineExceeded) && route == nil:
				left.Add(1)
			case err == nil:
				served.Add(1)
			default:
				t.Errorf("Fetch = %v, %v", route, err)
			}
		}
		go fetch(time.Second)
		synctest.Wait() // the first is in
		go fetch(2 * time.Second)
		go fetch(4 * time.Second)
		time.Sleep(time.Minute)
		if left.Load() != 2 || served.Load() != 1 {
			t.Errorf("%d left and %d were served, want 2 and 1", left.Load(), served.Load())
		}
		wantCalls(t, f, "orders", 1)
	})
}

// TestLastWaiterLeaves: a question nobody waits for any more is cancelled, and
// its outcome is not kept.
func TestLastWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cancelled := make(chan error, 1)
		f := &fake{}
		f.resolve = func(ctx context.Context, _ Request) (Result, error) {
			if f.called("orders") > 1 {
				return public, nil
			}
			<-ctx.Done()
			cancelled <- ctx.Err()
			return Result{}, ctx.Err()
		}
		c := NewCache(f, CacheOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Fetch(ctx, db("orders")); !errors.Is(err, context.Canceled) {
			t.Fatalf("Fetch fails with %v, want context.Canceled", err)
		}
		mustFetch(t, c, "orders")
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Errorf("the resolver's ctx ended with %v", err)
		}
		synctest.Wait()
		if c.Local("postgresql").Lookup([]byte("orders")).Err != nil {
			t.Error("the cancelled question's error replaced the answer")
		}
	})
}

func TestFetchWithEndedContext(t *testing.T) {
	f := answering(public, nil)
	c := NewCache(f, CacheOptions{})
	mustFetch(t, c, "orders")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Fetch(ctx, db("orders")); err != nil {
		t.Errorf("a cached route isn't given to a caller in a hurry: %v", err)
	}
}

func TestContextValues(t *testing.T) {
	type key struct{}
	var got any
	f := &fake{resolve: func(ctx context.Context, _ Request) (Result, error) {
		got = ctx.Value(key{})
		return public, nil
	}}
	c := NewCache(f, CacheOptions{})
	if _, err := c.Fetch(context.WithValue(t.Context(), key{}, "trace"), db("orders")); err != nil {
		t.Fatal(err)
	}
	if got != "trace" {
		t.Errorf("the resolver sees the value %v", got)
	}
}

// TestPrivateAnswers: an answer that may not be reused goes to the one caller
// it was given for, also when others asked at the same time.
func TestPrivateAnswers(t *testing.T) {
	answers := map[string]func(Request) (Result, error){
		"route": func(req Request) (Result, error) {
			return Result{Endpoint: "192.0.0.9:1", TTL: -1, Metadata: map[string]string{"for": req.ServerName}}, nil
		},
		"error": func(req Request) (Result, error) {
			return Result{}, &Error{Kind: Forbidden, Err: errors.New(req.ServerName), TTL: -1}
		},
		"route that is refused": func(req Request) (Result, error) {
			return Result{Endpoint: req.ServerName + ":1", TTL: -1}, nil
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{resolve: func(_ context.Context, req Request) (Result, error) {
					time.Sleep(time.Second)
					return answer(req)
				}}
				c := NewCache(f, CacheOptions{Lookup: func(_ context.Context, name string) ([]netip.Addr, time.Duration, error) {
					return nil, 0, errors.New("no address for " + name)
				}})
				for i := range 10 {
					go func() {
						me := fmt.Sprint("client", i)
						route, err := c.Fetch(t.Context(), Request{Protocol: "http", Resource: "orders", ServerName: me})
						mine := err != nil && strings.Contains(err.Error(), me) || err == nil && route.Metadata["for"] == me
						if !mine {
							t.Errorf("%s is given %v, %v", me, route, err)
						}
					}()
				}
				time.Sleep(time.Minute)
				wantCalls(t, f, "orders", 10)
			})
		})
	}
}

func TestResolverTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{resolve: func(ctx context.Context, _ Request) (Result, error) {
			<-ctx.Done()
			return Result{}, fmt.Errorf("asking: %w", ctx.Err())
		}}
		c := NewCache(f, CacheOptions{Timeout: 3 * time.Second})
		start := time.Now()
		wantKind(t, c, "orders", Timeout)
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("the resolver was given up after %v, want 3s", got)
		}
	})
}

func TestResolverPanics(t *testing.T) {
	log := newLogRecorder()
	f := &fake{resolve: func(context.Context, Request) (Result, error) { panic("nil map") }}
	c := NewCache(f, CacheOptions{Logger: log.logger()})
	wantKind(t, c, "orders", Internal)
	record := <-log.records
	if record.Message != "the resolver panicked" || !strings.Contains(attr(record, "stack"), "TestResolverPanics") {
		t.Errorf("logged %q with the stack %q", record.Message, attr(record, "stack"))
	}
}

// TestLongResource: ids that no protocol has are resolved, not kept.
func TestLongResource(t *testing.T) {
	f := answering(public, nil)
	c := NewCache(f, CacheOptions{})
	fits, long := strings.Repeat("a", maxResource), strings.Repeat("a", maxResource+1)
	for range 2 {
		mustFetch(t, c, fits)
		mustFetch(t, c, long)
	}
	wantCalls(t, f, fits, 1)
	wantCalls(t, f, long, 2)
}

func TestCacheStats(t *testing.T) {
	f := &fake{resolve: func(_ context.Context, req Request) (Result, error) {
		if req.Resource == "none" {
			return Result{}, Errorf(NotFound, "no")
		}
		return public, nil
	}}
	c := NewCache(f, CacheOptions{MaxEntries: 2})
	for _, resource := range []string{"a", "b", "c", "c"} {
		mustFetch(t, c, resource)
	}
	wantKind(t, c, "none", NotFound)
	for range hitShares + 1 { // two views share a word
		view := c.Local("postgresql")
		for _, resource := range []string{"c", "c", "none", "unheard of"} {
			view.Lookup([]byte(resource))
		}
	}
	hits := uint64(1 + 3*(hitShares+1)) // c was fetched twice
	if got, want := c.Stats(), (CacheStats{Routes: 2, Failures: 1, Hits: hits, Asked: 4, Failed: 1, Evicted: 1}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

// keptFor returns how long a view answers for a resource from now on, in
// steps of a second; to be called in a synctest bubble.
func keptFor(l *Local, resource string) time.Duration {
	start := time.Now()
	for l.Lookup([]byte(resource)) != nil {
		time.Sleep(time.Second)
	}
	return time.Since(start)
}
