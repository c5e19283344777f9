package resolve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLookupAllocs(t *testing.T) {
	c := NewCache(inventing(), CacheOptions{})
	mustFetch(t, c, "orders")
	wantKind(t, c, "none", NotFound)
	l := c.Local("postgresql")
	for _, tt := range []struct {
		resource string
		want     bool
	}{{"orders", true}, {"none", true}, {"unknown", false}} {
		resource := []byte(tt.resource)
		l.Lookup(resource) // the first goes to the shared cache
		var route *Route
		if n := testing.AllocsPerRun(100, func() { route = l.Lookup(resource) }); n != 0 {
			t.Errorf("looking up %s allocates %v times", tt.resource, n)
		}
		if (route != nil) != tt.want {
			t.Errorf("looking up %s finds %v", tt.resource, route)
		}
	}
}

// TestLocalTakesNoLock: a hit needs nothing that another goroutine holds.
func TestLocalTakesNoLock(t *testing.T) {
	c := NewCache(answering(public, nil), CacheOptions{})
	mustFetch(t, c, "orders")
	l := c.Local("postgresql")
	l.Lookup([]byte("orders"))
	c.mu.Lock()
	defer c.mu.Unlock()
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if l.Lookup([]byte("orders")) == nil {
		t.Error("orders isn't found")
	}
}

// TestLocalFollowsTheAnswer: a view never returns a kind of answer that has
// been overtaken by the other kind.
func TestLocalFollowsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSwitching()
		c := NewCache(r, CacheOptions{NegativeTTL: time.Minute})
		l := c.Local("postgresql")
		for i := range 6 {
			r.err = nil
			if i%2 == 1 {
				r.err = Errorf(NotFound, "no")
			}
			if _, err := c.Fetch(t.Context(), db("orders")); err != r.err {
				t.Fatalf("Fetch fails with %v, want %v", err, r.err)
			}
			if got := l.Lookup([]byte("orders")); got == nil || got.Err != r.err {
				t.Fatalf("round %d: Lookup = %+v, want the error %v", i, got, r.err)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestLocalIsBounded(t *testing.T) {
	c := NewCache(inventing(), CacheOptions{MaxEntries: 8})
	l := c.Local("postgresql")
	for i := range 200 {
		for _, resource := range []string{fmt.Sprint("db", i), fmt.Sprint("no", i)} {
			if _, err := c.Fetch(t.Context(), db(resource)); err != nil && KindOf(err) != NotFound {
				t.Fatal(err)
			}
			l.Lookup([]byte(resource))
		}
		if n := len(l.routes.young) + len(l.routes.old); n > 16 {
			t.Fatalf("the view holds %d routes, want at most 16", n)
		}
		if n := len(l.failures.young) + len(l.failures.old); n > 4 {
			t.Fatalf("the view holds %d failures, want at most 4", n)
		}
	}
}

// TestGenerations: what is looked up stays, what isn't goes.
func TestGenerations(t *testing.T) {
	g := newGenerations(4)
	put := func(name string) { g.put(&entry{Route: Route{Request: db(name)}}) }
	put("asked for")
	put("forgotten")
	for i := range 20 {
		put(fmt.Sprint(i))
		if g.get([]byte("asked for")) == nil {
			t.Fatalf("what is looked up each time is gone after %d others", i)
		}
	}
	if g.get([]byte("forgotten")) != nil {
		t.Error("what was never looked up is still there")
	}
}

// TestConcurrentUse lets loops look up, fetch and purge at random; the race
// detector watches, and no answer may be that of another resource.
func TestConcurrentUse(t *testing.T) {
	f := &fake{resolve: func(_ context.Context, req Request) (Result, error) {
		if req.Resource[0] == 'n' {
			return Result{}, Errorf(NotFound, "%s", req.Resource)
		}
		return Result{Endpoint: "192.0.0.9:1", Metadata: map[string]string{"for": req.Resource}}, nil
	}}
	c := NewCache(f, CacheOptions{MaxEntries: 16})
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			l := c.Local("postgresql")
			for range 2000 {
				resource := fmt.Sprintf("%c%d", "dn"[random.IntN(2)], random.IntN(40))
				switch random.IntN(50) {
				case 0:
					c.Purge("")
				case 1:
					c.Purge(resource)
				}
				checkAnswer(t, c, l, resource)
			}
		})
	}
	wg.Wait()
	if got := c.Stats(); got.Routes > 16 || got.Failures > 4 {
		t.Errorf("Stats() = %+v, want at most 16 routes and 4 failures", got)
	}
}

func checkAnswer(t *testing.T, c *Cache, l *Local, resource string) {
	route := l.Lookup([]byte(resource))
	if route == nil {
		var err error
		if route, err = c.Fetch(t.Context(), db(resource)); err != nil {
			route = &Route{Request: db(resource), Err: err}
		}
	}
	wrong := route.Err == nil && route.Metadata["for"] != resource ||
		route.Err != nil && route.Err.Error() != "not_found: "+resource
	if wrong || route.Resource != resource {
		t.Errorf("%s gets %+v", resource, route)
	}
}
