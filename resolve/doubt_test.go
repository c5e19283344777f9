package resolve

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// doubter is a resolver that can have its answers doubted.
type doubter struct {
	switching
	doubt func()
}

func (d *doubter) NotifyDoubt(doubt func()) { d.doubt = doubt }

func newDoubter(o CacheOptions) (*doubter, *Cache) {
	d := &doubter{switching: switching{res: public}}
	d.resolve = func(context.Context, Request) (Result, error) { return d.res, d.err }
	return d, NewCache(d, o)
}

// TestDoubtAsksAnew: loops and goroutines see no route any more until the
// resolver was asked again.
func TestDoubtAsksAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDoubter(CacheOptions{})
		l := c.Local("postgresql")
		mustFetch(t, c, "orders")
		if l.Lookup([]byte("orders")) == nil {
			t.Fatal("a loop doesn't see the route")
		}
		d.res.Endpoint = "192.0.0.10:5432"
		d.doubt()
		if got := l.Lookup([]byte("orders")); got != nil {
			t.Fatalf("in doubt, a loop still sees %v", got.Endpoint)
		}
		if got := mustFetch(t, c, "orders").Endpoint; got != d.res.Endpoint {
			t.Errorf("in doubt, the route leads to %s, want %s", got, d.res.Endpoint)
		}
		wantCalls(t, &d.fake, "orders", 2)
	})
}

// TestDoubtKeepsFallback: what is doubted serves on while the resolver fails,
// for as long as a stale route may, and gives way to an error that is an answer.
func TestDoubtKeepsFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDoubter(CacheOptions{TTL: 10 * time.Second, StaleFor: 10 * time.Second, NegativeTTL: time.Second})
		mustFetch(t, c, "orders")
		mustFetch(t, c, "invoices")
		d.err = Errorf(Unavailable, "away")
		d.doubt()
		d.doubt() // the end and the beginning of a connection
		mustFetch(t, c, "orders")
		d.doubt() // also what serves on is doubted
		mustFetch(t, c, "orders")
		wantCalls(t, &d.fake, "orders", 3)
		wantKind(t, c, "payments", Unavailable)
		d.err = Errorf(NotFound, "gone")
		d.doubt()
		wantKind(t, c, "orders", NotFound)
		d.err = Errorf(Unavailable, "away")
		time.Sleep(20 * time.Second)
		wantKind(t, c, "invoices", Unavailable)
	})
}

// TestDoubtForgetsFailures: what wasn't there may have come.
func TestDoubtForgetsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDoubter(CacheOptions{})
		d.err = Errorf(NotFound, "not yet")
		wantKind(t, c, "orders", NotFound)
		d.err = nil
		wantKind(t, c, "orders", NotFound)
		d.doubt()
		mustFetch(t, c, "orders")
	})
}

// TestDoubtMeanwhile: an answer that was given before the doubt and lands after
// it reaches who waits for it, and isn't kept.
func TestDoubtMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDoubter(CacheOptions{})
		d.resolve = func(context.Context, Request) (Result, error) {
			time.Sleep(time.Second)
			return d.res, nil
		}
		time.AfterFunc(time.Second/2, d.doubt)
		mustFetch(t, c, "orders")
		mustFetch(t, c, "orders")
		wantCalls(t, &d.fake, "orders", 2)
		mustFetch(t, c, "orders")
		wantCalls(t, &d.fake, "orders", 2)
	})
}
