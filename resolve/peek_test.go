package resolve

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := inventing()
		c := NewCache(f, CacheOptions{TTL: 10 * time.Second})
		if c.Peek("postgresql", "orders") != nil {
			t.Error("something is known that nobody has asked for")
		}
		route := mustFetch(t, c, "orders")
		wantKind(t, c, "none", NotFound)
		before := c.Stats()
		if got := c.Peek("postgresql", "orders"); got != route {
			t.Errorf("%+v, want %+v", got, route)
		}
		if got := c.Peek("postgresql", "none"); got == nil || KindOf(got.Err) != NotFound {
			t.Errorf("%+v, want that there is none", got)
		}
		if c.Peek("mysql", "orders") != nil || c.Peek("postgresql", "other") != nil {
			t.Error("another resource is known")
		}
		if c.Stats() != before || f.called("orders") != 1 {
			t.Errorf("looking counts: %+v, before %+v", c.Stats(), before)
		}
		time.Sleep(11 * time.Second)
		if c.Peek("postgresql", "orders") != nil {
			t.Error("known past its time")
		}
	})
}
