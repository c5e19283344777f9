package resolve

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// switching is a resolver whose answer a test changes.
type switching struct {
	fake
	res Result
	err error
}

func newSwitching() *switching {
	s := &switching{res: public}
	s.resolve = func(context.Context, Request) (Result, error) { return s.res, s.err }
	return s
}

func TestStaleOnError(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		stale bool
	}{
		{"unavailable", Errorf(Unavailable, "no"), true},
		{"timeout", Errorf(Timeout, "no"), true},
		{"deadline", context.DeadlineExceeded, true},
		{"internal", Errorf(Internal, "no"), true},
		{"not an Error", errors.New("broken"), true},
		{"not found", Errorf(NotFound, "no"), false},
		{"forbidden", Errorf(Forbidden, "no"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSwitching()
				c := NewCache(r, CacheOptions{})
				old := mustFetch(t, c, "orders")
				r.res, r.err = Result{}, tt.err
				time.Sleep(DefaultTTL)
				if !tt.stale {
					wantKind(t, c, "orders", KindOf(tt.err))
					r.err = Errorf(Unavailable, "no")
					time.Sleep(DefaultNegativeTTL)
					wantKind(t, c, "orders", Unavailable) // the old route is gone for good
					return
				}
				if got := mustFetch(t, c, "orders"); got.Endpoint != old.Endpoint || len(got.Addrs) != 1 {
					t.Errorf("the stale route is %+v", got)
				}
			})
		})
	}
}

// TestStaleWindow: the old route serves for StaleFor, is refreshed no more
// often than every NegativeTTL meanwhile, and gives way at once to a new one.
func TestStaleWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{TTL: 10 * time.Second, NegativeTTL: 4 * time.Second, StaleFor: 10 * time.Second})
		mustFetch(t, c, "orders")
		r.err = Errorf(Unavailable, "no")
		time.Sleep(10 * time.Second)
		l := c.Local("postgresql")
		for i, want := range []time.Duration{4, 4, 2} { // tried again after 0, 4 and 8 s
			mustFetch(t, c, "orders")
			wantCalls(t, &r.fake, "orders", 2+i)
			if got := keptFor(l, "orders"); got != want*time.Second {
				t.Fatalf("stale time %d: the route is kept for %v, want %v s", i, got, want)
			}
		}
		wantKind(t, c, "orders", Unavailable)
		if got := c.Stats().Stale; got != 3 {
			t.Errorf("%d failures were hidden, want 3", got)
		}
	})
}

func TestStaleGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{})
		mustFetch(t, c, "orders")
		r.err = Errorf(Unavailable, "no")
		time.Sleep(DefaultTTL)
		mustFetch(t, c, "orders")
		r.res, r.err = Result{Endpoint: "192.0.0.10:1"}, nil
		time.Sleep(DefaultNegativeTTL)
		if got := mustFetch(t, c, "orders").Endpoint; got != "192.0.0.10:1" {
			t.Errorf("the route leads to %s, want the new one", got)
		}
	})
}

func TestStaleForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{StaleFor: -1})
		mustFetch(t, c, "orders")
		r.err = Errorf(Unavailable, "no")
		time.Sleep(DefaultTTL)
		wantKind(t, c, "orders", Unavailable)
	})
}

// TestStaleWithoutNegativeTTL: nothing is held back, the resolver is asked
// each time, and the old route still serves.
func TestStaleWithoutNegativeTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{NegativeTTL: -1})
		mustFetch(t, c, "orders")
		r.err = Errorf(Unavailable, "no")
		time.Sleep(DefaultTTL)
		for range 3 {
			mustFetch(t, c, "orders")
		}
		wantCalls(t, &r.fake, "orders", 4)
	})
}

func TestStaleOnDNSFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addrs := []netip.Addr{netip.MustParseAddr("8.8.8.8")}
		var dnsErr error
		c := NewCache(answering(Result{Endpoint: "db:1"}, nil), CacheOptions{
			Lookup: func(context.Context, string) ([]netip.Addr, time.Duration, error) { return addrs, 0, dnsErr },
		})
		mustFetch(t, c, "orders")
		dnsErr = errors.New("server misbehaving")
		time.Sleep(maxNamedTTL)
		mustFetch(t, c, "orders")
		addrs, dnsErr = []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		time.Sleep(DefaultNegativeTTL)
		wantKind(t, c, "orders", Forbidden) // rebound: the guard's word is final
	})
}

func TestStaleNotAfterPurge(t *testing.T) {
	for _, resource := range []string{"orders", ""} {
		synctest.Test(t, func(t *testing.T) {
			r := newSwitching()
			c := NewCache(r, CacheOptions{})
			mustFetch(t, c, "orders")
			r.err = Errorf(Unavailable, "no")
			time.Sleep(DefaultTTL)
			c.Purge(resource)
			wantKind(t, c, "orders", Unavailable)
		})
	}
}

// TestStaleNotAfterPurgeMeanwhile: a purge also takes back the old route a
// question under way would fall back on.
func TestStaleNotAfterPurgeMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{})
		mustFetch(t, c, "orders")
		r.resolve = func(context.Context, Request) (Result, error) {
			time.Sleep(time.Second)
			return Result{}, Errorf(Unavailable, "no")
		}
		time.Sleep(DefaultTTL)
		go func() {
			time.Sleep(time.Second / 2)
			c.Purge("orders")
		}()
		wantKind(t, c, "orders", Unavailable)
		wantKind(t, c, "orders", Unavailable)
		wantCalls(t, &r.fake, "orders", 3) // the first failure wasn't kept
	})
}

func TestStaleIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLogRecorder()
		r := newSwitching()
		c := NewCache(r, CacheOptions{Logger: log.logger()})
		mustFetch(t, c, "orders")
		mustFetch(t, c, "invoices")
		r.err = Errorf(Unavailable, "connection refused")
		time.Sleep(DefaultTTL)
		mustFetch(t, c, "orders")
		mustFetch(t, c, "invoices")
		record := <-log.records
		if attr(record, "resource") != "orders" || attr(record, "error") != "unavailable: connection refused" {
			t.Errorf("logged %q, resource %q, error %q", record.Message, attr(record, "resource"), attr(record, "error"))
		}
		if n := len(log.records); n != 0 {
			t.Errorf("%d more records within %v", n, logEvery)
		}
		time.Sleep(logEvery)
		mustFetch(t, c, "invoices")
		if record := <-log.records; attr(record, "resource") != "invoices" {
			t.Errorf("later, logged %q", record.Message)
		}
	})
}

// TestAbandonedIsNotStale: a question cut short because nobody waits says
// nothing about the resolver.
func TestAbandonedIsNotStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLogRecorder()
		r := newSwitching()
		c := NewCache(r, CacheOptions{Logger: log.logger()})
		mustFetch(t, c, "orders")
		r.resolve = func(ctx context.Context, _ Request) (Result, error) {
			<-ctx.Done()
			return Result{}, ctx.Err()
		}
		time.Sleep(DefaultTTL)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Fetch(ctx, db("orders")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Fetch fails with %v, want context.DeadlineExceeded", err)
		}
		synctest.Wait()
		if got := c.Stats().Stale; got != 0 || len(log.records) != 0 {
			t.Errorf("%d failures were hidden and %d records logged, want none", got, len(log.records))
		}
	})
}
