package resolve

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// inventing answers NotFound to names that begin with "no", else with a route.
func inventing() *fake {
	return &fake{resolve: func(_ context.Context, req Request) (Result, error) {
		if strings.HasPrefix(req.Resource, "no") {
			return Result{}, Errorf(NotFound, "no")
		}
		return public, nil
	}}
}

func TestCacheIsBounded(t *testing.T) {
	c := NewCache(inventing(), CacheOptions{MaxEntries: 40})
	for i := range 1000 {
		mustFetch(t, c, fmt.Sprint("db", i))
		wantKind(t, c, fmt.Sprint("no", i), NotFound)
	}
	got := c.Stats()
	if got.Routes != 40 || got.Failures != 10 || got.Evicted != 960+990 {
		t.Errorf("Stats() = %+v, want 40 routes, 10 failures, 1950 evicted", got)
	}
	s := c.store("postgresql")
	if len(s.entries) != 50 || len(s.flights) != 0 {
		t.Errorf("%d entries in the index and %d flights, want 50 and 0", len(s.entries), len(s.flights))
	}
}

// TestInventedNames: names that don't exist push out no route, and names that
// do push out none that is used, though the use is seen by a view only.
func TestInventedNames(t *testing.T) {
	f := inventing()
	c := NewCache(f, CacheOptions{MaxEntries: 40})
	l := c.Local("postgresql")
	mustFetch(t, c, "used")
	mustFetch(t, c, "unused")
	for i := range 500 {
		wantKind(t, c, fmt.Sprint("no", i), NotFound)
	}
	if l.Lookup([]byte("used")) == nil || c.Stats().Routes != 2 {
		t.Fatal("invented names pushed out a route")
	}
	for i := range 500 {
		mustFetch(t, c, fmt.Sprint("db", i))
		if l.Lookup([]byte("used")) == nil {
			t.Fatalf("the route in use was evicted after %d others", i)
		}
	}
	mustFetch(t, c, "unused")
	wantCalls(t, f, "used", 1)
	wantCalls(t, f, "unused", 2)
}

// TestEvictionReachesLocals: what the shared cache has let go of isn't served
// by a view either, for no purge would reach it there.
func TestEvictionReachesLocals(t *testing.T) {
	c := NewCache(inventing(), CacheOptions{MaxEntries: 4})
	l := c.Local("postgresql")
	mustFetch(t, c, "orders")
	route := l.Lookup([]byte("orders"))
	for i := range 20 {
		mustFetch(t, c, fmt.Sprint("db", i))
	}
	if l.Lookup([]byte("orders")) != nil {
		t.Error("an evicted route is still served")
	}
	if route.Endpoint != public.Endpoint || len(route.Addrs) != 1 {
		t.Errorf("who holds on to the route finds it changed: %+v", route)
	}
}

// TestRing checks the ring against its rules, step by step.
func TestRing(t *testing.T) {
	r := ring{max: 3}
	entries := make(map[string]*entry)
	add := func(name string) (evicted string) {
		e := &entry{Route: Route{Request: db(name)}}
		entries[name] = e
		if old := r.add(e); old != nil {
			evicted = old.Resource
		}
		return evicted
	}
	steps := []struct {
		do   string
		want string
	}{
		{"add a", ""}, {"add b", ""}, {"add c", ""},
		{"add d", "a"},
		{"use b", ""}, {"add e", "c"}, // b is spared
		{"add f", "d"}, {"add g", "b"}, // once
		{"use e", ""}, {"use f", ""}, {"use g", ""}, {"add h", "e"}, // all used: all spared once
		{"remove f", ""}, {"add i", ""}, {"add j", "h"}, // h has moved to f's slot
	}
	for _, step := range steps {
		what, name, _ := strings.Cut(step.do, " ")
		got := ""
		switch what {
		case "add":
			got = add(name)
		case "use":
			entries[name].touch()
		case "remove":
			r.remove(entries[name])
		}
		if got != step.want {
			t.Fatalf("%s evicts %q, want %q", step.do, got, step.want)
		}
		for i, e := range r.slots {
			if e.slot != i {
				t.Fatalf("after %s, %s is in slot %d and says %d", step.do, e.Resource, i, e.slot)
			}
		}
	}
}

// TestRingWorkIsBounded: with more used entries than are spared at once, one
// of them goes.
func TestRingWorkIsBounded(t *testing.T) {
	r := ring{max: 4 * maxSpared}
	for i := range r.max {
		e := &entry{Route: Route{Request: db(fmt.Sprint(i))}}
		e.touch()
		r.add(e)
	}
	evicted := r.add(&entry{})
	if evicted == nil || evicted.Resource != fmt.Sprint(maxSpared) {
		t.Errorf("evicted %+v, want number %d", evicted, maxSpared)
	}
}
