package resolve

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestCacheNotify: whoever listens to a cache hears of purges, of what the resolver
// tells, and of an answer that drains the places of the one before, whose TTL was
// over.
func TestCacheNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := Result{Endpoint: "10.0.0.1:1"}
		c := NewCache(&fake{resolve: func(context.Context, Request) (Result, error) { return answer, nil }}, CacheOptions{Guard: Guard{SkipAll: true}})
		var told []string
		c.Notify(func(resource string) { told = append(told, resource) })
		want := func(what string, all ...string) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(told, all) {
				t.Errorf("%s: told of %q, want %q", what, told, all)
			}
			told = nil
		}
		ask := func() {
			t.Helper()
			time.Sleep(DefaultTTL)
			if _, err := c.Fetch(t.Context(), Request{Protocol: "p", Resource: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		ask()
		want("the first answer")
		answer = Result{Endpoint: "10.0.0.2:1"}
		ask()
		want("another without a drain")
		answer.Drain = time.Second
		ask()
		want("a drain", "a")
		ask()
		want("the same again")
		answer.State = Draining
		ask()
		want("draining", "a")
		answer = Result{Endpoint: "10.0.0.3:1", Drain: -1, TTL: -1}
		ask()
		want("an answer for one only")
		c.Purge("a")
		want("a purge", "a")
		c.expire()
		want("a doubt", "")
	})
}

func TestRouteServes(t *testing.T) {
	several := Result{Endpoint: "10.0.0.1:1", Others: []string{"gone.invalid:1", "10.0.0.2:1"}}
	draining := several
	draining.State = Draining
	nameless := Result{Endpoint: "gone.invalid:1", Others: []string{"10.0.0.2:1"}}
	nobody := func(context.Context, string) ([]netip.Addr, time.Duration, error) {
		return nil, 0, errors.New("no such name")
	}
	for _, tt := range []struct {
		name     string
		answer   Result
		endpoint string
		want     bool
	}{
		{"the endpoint", several, "10.0.0.1:1", true},
		{"a further one", several, "10.0.0.2:1", true},
		{"one whose name isn't known now", several, "gone.invalid:1", true},
		{"the first, whose name isn't", nameless, "gone.invalid:1", true},
		{"the second, which stands for it", nameless, "10.0.0.2:1", true},
		{"another", several, "10.0.0.3:1", false},
		{"any of one that drains", draining, "10.0.0.1:1", false},
	} {
		c := NewCache(answering(tt.answer, nil), CacheOptions{Guard: Guard{SkipAll: true}, Lookup: nobody})
		route := mustFetch(t, c, "a")
		if got := route.Serves(tt.endpoint); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
