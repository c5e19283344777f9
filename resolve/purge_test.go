package resolve

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPurgeReachesLocals(t *testing.T) {
	tests := []struct {
		name                       string
		purge                      string
		ordersGone, invoicesRemain bool
	}{
		{"one", "orders", true, true},
		{"all", "", true, false},
		{"another", "customers", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCache(answering(public, nil), CacheOptions{})
			var locals []*Local
			for _, protocol := range []string{"postgresql", "postgresql", "mysql"} {
				l := c.Local(protocol)
				for _, resource := range []string{"orders", "invoices"} {
					if _, err := c.Fetch(t.Context(), Request{Protocol: protocol, Resource: resource}); err != nil {
						t.Fatal(err)
					}
					if l.Lookup([]byte(resource)) == nil {
						t.Fatalf("%s isn't found", resource)
					}
				}
				locals = append(locals, l)
			}
			c.Purge(tt.purge)
			for i, l := range locals {
				if gone := l.Lookup([]byte("orders")) == nil; gone != tt.ordersGone {
					t.Errorf("view %d: orders is gone: %v, want %v", i, gone, tt.ordersGone)
				}
				if remains := l.Lookup([]byte("invoices")) != nil; remains != tt.invoicesRemain {
					t.Errorf("view %d: invoices remains: %v, want %v", i, remains, tt.invoicesRemain)
				}
			}
		})
	}
}

// TestPurgeDuringFlight: those who asked before the purge get the answer, it
// isn't kept, and who asks afterwards doesn't wait for it.
func TestPurgeDuringFlight(t *testing.T) {
	for _, purge := range []string{"orders", ""} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			f.resolve = func(context.Context, Request) (Result, error) {
				if f.called("orders") == 1 {
					time.Sleep(2 * time.Second)
					return Result{Endpoint: "192.0.0.9:1"}, nil
				}
				return Result{Endpoint: "192.0.0.10:1"}, nil
			}
			c := NewCache(f, CacheOptions{})
			go func() {
				route, err := c.Fetch(t.Context(), db("orders"))
				if err != nil || route.Endpoint != "192.0.0.9:1" {
					t.Errorf("who asked before the purge gets %+v, %v", route, err)
				}
			}()
			synctest.Wait()
			c.Purge(purge)
			if route := mustFetch(t, c, "orders"); route.Endpoint != "192.0.0.10:1" {
				t.Errorf("who asked after the purge is led to %s", route.Endpoint)
			}
			time.Sleep(time.Minute / 2)
			if route := c.Local("postgresql").Lookup([]byte("orders")); route == nil || route.Endpoint != "192.0.0.10:1" {
				t.Errorf("what is kept is %+v", route)
			}
		})
	}
}

// purging is a resolver with a cache of its own.
type purging struct {
	fake
	onPurge func(resource string)
}

func (p *purging) Purge(resource string) { p.onPurge(resource) }

// TestPurger: the resolver forgets first, so that nothing asked in between
// survives.
func TestPurger(t *testing.T) {
	p := &purging{}
	p.resolve = func(context.Context, Request) (Result, error) { return public, nil }
	c := NewCache(p, CacheOptions{})
	var purged string
	p.onPurge = func(resource string) {
		purged = resource
		mustFetch(t, c, "orders")
	}
	c.Purge("orders")
	if purged != "orders" {
		t.Errorf("the resolver was told to forget %q", purged)
	}
	if c.Local("postgresql").Lookup([]byte("orders")) != nil {
		t.Error("what was fetched while the resolver forgot is kept")
	}
}

// notifying is a resolver whose answers change by themselves.
type notifying struct {
	fake
	changed func(resource string)
}

func (n *notifying) Notify(changed func(string)) { n.changed = changed }

func TestNotifier(t *testing.T) {
	n := &notifying{}
	n.resolve = func(context.Context, Request) (Result, error) { return public, nil }
	c := NewCache(n, CacheOptions{})
	l := c.Local("postgresql")
	for _, changed := range []string{"orders", ""} {
		mustFetch(t, c, "orders")
		if l.Lookup([]byte("orders")) == nil {
			t.Fatal("orders isn't found")
		}
		n.changed(changed)
		if l.Lookup([]byte("orders")) != nil {
			t.Errorf("changed(%q): orders is still found", changed)
		}
	}
}
