package upstream

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// routeTo is a route to the endpoints of those names.
func routeTo(resource string, b resolve.Balance, names ...string) *resolve.Route {
	var all []*resolve.Route
	for _, name := range names {
		all = append(all, &resolve.Route{
			Request: resolve.Request{Resource: resource},
			Result:  resolve.Result{Endpoint: name, Balance: b},
		})
	}
	all[0].Alternatives = all[1:]
	return all[0]
}

// picked is the names of n endpoints picked in a row; their sessions stay.
func picked(r *Registry, route *resolve.Route, n int) string {
	names := ""
	for range n {
		if c := r.Pick(route, 0, time.Now()); c.Endpoint != nil {
			names += c.Route.Endpoint
		} else {
			names += "-"
		}
	}
	return names
}

// tripped has the endpoints' breakers open.
func tripped(r *Registry, o Outcome, names ...string) {
	now := time.Now()
	for _, name := range names {
		e := r.Acquire(name)
		for range defaultBreaker().Failures {
			e.Report(e.Admit(now), o, now)
		}
		e.Release(0, 0)
	}
}

func TestPick(t *testing.T) {
	for _, tc := range []struct {
		balance  resolve.Balance
		sessions map[string]int
		open     []string
		want     string
	}{
		{resolve.RoundRobin, nil, nil, "abcdabcdab"},
		{resolve.RoundRobin, nil, []string{"b"}, "acdacdacda"},
		{resolve.RoundRobin, nil, []string{"a", "b", "d"}, "cccccccccc"},
		{resolve.RoundRobin, nil, []string{"a", "b", "c", "d"}, "----------"},
		{resolve.LeastSessions, nil, nil, "abcdabcdab"},
		{resolve.LeastSessions, map[string]int{"a": 2, "c": 5}, nil, "bdbdabdabd"},
		{resolve.LeastSessions, map[string]int{"a": 2, "c": 5}, []string{"b"}, "ddadadadac"},
		{resolve.First, nil, nil, "aaaaaaaaaa"},
		{resolve.First, nil, []string{"a", "b"}, "cccccccccc"},
	} {
		var r Registry
		for name, n := range tc.sessions {
			for range n {
				r.Acquire(name)
			}
		}
		tripped(&r, Refused, tc.open...)
		if got := picked(&r, routeTo("x", tc.balance, "a", "b", "c", "d"), 10); got != tc.want {
			t.Errorf("%v, sessions %v, open %v: %s, want %s", tc.balance, tc.sessions, tc.open, got, tc.want)
		}
	}
}

func TestPickAcquires(t *testing.T) {
	var r Registry
	route := routeTo("x", resolve.First, "a", "b")
	tripped(&r, Silent, "a")
	c := r.Pick(route, 0, time.Now())
	if c.Route != route.Alternatives[0] || c.Index != 1 || c.Ticket == 0 || c.Endpoint.Name != "b" {
		t.Fatalf("%+v", c)
	}
	for _, s := range r.Stats() {
		if want := map[string]int64{"a": 0, "b": 1}[s.Name]; s.Sessions != want {
			t.Errorf("%s has %d sessions, want %d", s.Name, s.Sessions, want)
		}
	}
}

// TestPickAgain goes from one endpoint to the next, as a session whose attempts
// fail.
func TestPickAgain(t *testing.T) {
	for _, b := range []resolve.Balance{resolve.RoundRobin, resolve.LeastSessions, resolve.First} {
		var r Registry
		names := make([]string, 1+resolve.MaxOthers)
		for i := range names {
			names[i] = fmt.Sprint(i)
		}
		route := routeTo("x", b, names...)
		seen := make(map[string]bool)
		tried := uint32(0)
		for range names {
			c := r.Pick(route, tried, time.Now())
			seen[c.Endpoint.Name] = true
			tried |= 1 << c.Index
		}
		if len(seen) != len(names) {
			t.Errorf("%v: %d different endpoints", b, len(seen))
		}
		if c := r.Pick(route, tried, time.Now()); c != (Choice{}) {
			t.Errorf("%v: with all tried: %+v", b, c)
		}
	}
}

func TestPickTellsTheTrouble(t *testing.T) {
	var r Registry
	tripped(&r, HungUp, "a")
	tripped(&r, Unreachable, "b")
	route := routeTo("x", resolve.First, "a", "b")
	if c := r.Pick(route, 0, time.Now()); c.Endpoint != nil || c.Trouble != HungUp {
		t.Errorf("%+v", c)
	}
	if c := r.Pick(route, 1, time.Now()); c.Endpoint != nil || c.Trouble != Unreachable {
		t.Errorf("the first one tried: %+v", c)
	}
}

// TestRoundRobinPerResource has sessions of many resources come in any order:
// each resource's are spread evenly, though the order of others' is against it.
func TestRoundRobinPerResource(t *testing.T) {
	var r Registry
	random := rand.New(rand.NewPCG(1, 2))
	const resources, rounds = 50, 400
	counts := make([]map[string]int, resources)
	for i := range counts {
		counts[i] = make(map[string]int)
	}
	for round := range rounds {
		for i := range resources {
			if round%2 == 1 {
				i = random.IntN(resources)
			}
			c := r.Pick(routeTo(fmt.Sprint("resource ", i), resolve.RoundRobin, "a", "b", "c"), 0, time.Now())
			counts[i][c.Endpoint.Name]++
		}
	}
	for i, n := range counts {
		least, most := min(n["a"], n["b"], n["c"]), max(n["a"], n["b"], n["c"])
		// Two resources that share an entry are allowed for.
		if most-least > most/5 {
			t.Errorf("resource %d: %v", i, n)
		}
	}
}

// TestPickConcurrently has loops pick at once: least sessions stays exact.
func TestPickConcurrently(t *testing.T) {
	var r Registry
	route := routeTo("x", resolve.LeastSessions, "a", "b", "c", "d")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				c := r.Pick(route, 0, time.Now())
				c.Endpoint.Report(c.Ticket, Served, time.Now())
			}
		})
	}
	all.Wait()
	for _, s := range r.Stats() {
		if s.Sessions != 200 {
			t.Errorf("%s has %d sessions", s.Name, s.Sessions)
		}
	}
}

// TestPickFromAFullRegistry has the registry forget endpoints, but not those it
// is choosing from.
func TestPickFromAFullRegistry(t *testing.T) {
	var r Registry
	for i := range maxEndpoints - 2 {
		r.Acquire(fmt.Sprint("idle:", i)).Release(0, 0)
	}
	c := r.Pick(routeTo("x", resolve.First, "a", "b", "c", "d"), 0, time.Now())
	if r.Acquire("a") != c.Endpoint {
		t.Error("the endpoint picked isn't the one that is known")
	}
}

func TestPickDoesntAllocate(t *testing.T) {
	var r Registry
	now := time.Now()
	for _, b := range []resolve.Balance{resolve.RoundRobin, resolve.LeastSessions, resolve.First} {
		for _, route := range []*resolve.Route{routeTo("x", b, "a"), routeTo("x", b, "a", "b", "c")} {
			if n := testing.AllocsPerRun(100, func() {
				c := r.Pick(route, 0, now)
				c.Endpoint.Report(c.Ticket, Served, now)
				c.Endpoint.Release(0, 0)
			}); n > 0 {
				t.Errorf("%v among %d: %v allocations", b, 1+len(route.Alternatives), n)
			}
		}
	}
}

func BenchmarkPick(b *testing.B) {
	for _, n := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var r Registry
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprint("endpoint:", i)
			}
			route := routeTo("x", resolve.RoundRobin, names...)
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				c := r.Pick(route, 0, now)
				c.Endpoint.Report(c.Ticket, Served, now)
				c.Endpoint.Release(0, 0)
			}
		})
	}
}
