package movetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

// awaitNew opens sessions of a database until one is at a server, and returns how
// long that took.
func awaitNew(t *testing.T, address, database string, at *server) time.Duration {
	t.Helper()
	begun := time.Now()
	enginetest.Eventually(t, "new sessions go to "+at.name, func() bool {
		s, err := login(address, database)
		if err != nil {
			return false
		}
		defer s.close()
		return s.name == at.name
	})
	return time.Since(begun)
}

// Without a drain, a move is of the new sessions: those there are stay and notice
// nothing.
func TestMove(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := platform{redistest.Start(t)}
		home, places := serve(t, "home"), []*server{serve(t, "one"), serve(t, "other")}
		p.put("orders", "endpoint", home.address)
		proxy := p.start(t, impl, "a", nil)
		crowd := join(t, proxy.Address(), "orders", *sessions)
		writer := p.Client()
		defer writer.Close()
		var took []time.Duration
		for i := range *rounds {
			to := places[i%len(places)]
			crowd.goOn(t, int64(*sessions))
			redistest.Do(t, writer, "HSET", "proxy:route:postgresql:orders", "endpoint", to.address)
			took = append(took, awaitNew(t, proxy.Address(), "orders", to))
		}
		crowd.goOn(t, 2*int64(*sessions))
		if n := home.now.Load(); n != int64(*sessions) {
			t.Errorf("%d of %d sessions have stayed", n, *sessions)
		}
		crowd.leave()
		wantAll(t, crowd, home)
		slices.Sort(took)
		t.Logf("%d sessions: from the write's answer to a new session at the new place, %d moves: median %v, all %v",
			*sessions, len(took), took[len(took)/2], took)
	})
}

// wantAll wants every answer of a server to have been heard, and the server to have
// heard nothing but whole queries.
func wantAll(t *testing.T, c *crowd, s *server) {
	t.Helper()
	enginetest.Eventually(t, "the server's sessions have ended", func() bool { return s.now.Load() == 0 })
	if heard, said := c.exchanges.Load(), s.answered.Load(); heard != said || s.malformed.Load() != 0 {
		t.Errorf("of %d answers %d were heard; %d sessions ended within a query", said, heard, s.malformed.Load())
	}
}

// With a drain, the sessions at the old place end in order once its time is over,
// and those at the new one stay.
func TestDrain(t *testing.T) {
	for name, fields := range map[string][]string{
		"after a time": {"drain", "200ms"}, "at once": {"drain", "-1s"}, "nowhere": {"drain", "-1s", "state", "draining"},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := platform{redistest.Start(t)}
				home, other := serve(t, "home"), serve(t, "other")
				p.put("orders", "endpoint", home.address)
				p.put("invoices", "endpoint", home.address)
				proxy := p.start(t, impl, "a", nil)
				leaving, staying := join(t, proxy.Address(), "orders", *sessions), join(t, proxy.Address(), "invoices", 1)
				leaving.goOn(t, int64(*sessions))
				p.put("orders", append(fields, "endpoint", other.address)...)
				if name == "nowhere" {
					awaitRefused(t, proxy.Address(), "orders")
				} else {
					awaitNew(t, proxy.Address(), "orders", other)
				}
				proxy.AwaitClosed(engine.Moved, uint64(*sessions))
				leaving.running.Wait()
				if n := leaving.ended.Load(); n != int64(*sessions) {
					t.Errorf("%d of %d sessions have heard of an orderly end", n, *sessions)
				}
				staying.goOn(t, 10)
				staying.leave()
				leaving.exchanges.Add(staying.exchanges.Load())
				wantAll(t, leaving, home)
			})
		})
	}
}

// awaitRefused opens sessions until one is refused because its database can't be
// reached now.
func awaitRefused(t *testing.T, address, database string) {
	t.Helper()
	enginetest.Eventually(t, "new sessions are refused", func() bool {
		s, err := login(address, database)
		if err == nil {
			s.close()
		}
		return errors.Is(err, refused("57P03"))
	})
}

// A move that is taken back before its time is over ends nobody.
func TestDrainTakenBack(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := platform{redistest.Start(t)}
		home, other := serve(t, "home"), serve(t, "other")
		p.put("orders", "endpoint", home.address)
		proxy := p.start(t, impl, "a", nil)
		crowd := join(t, proxy.Address(), "orders", 10)
		p.put("orders", "endpoint", other.address, "drain", "1h")
		awaitNew(t, proxy.Address(), "orders", other)
		away := join(t, proxy.Address(), "orders", 10)
		p.put("orders", "endpoint", home.address, "drain", "-1s")
		away.running.Wait()
		if n := away.ended.Load(); n != 10 {
			t.Errorf("%d of 10 sessions have ended", n)
		}
		crowd.goOn(t, 100)
		crowd.leave()
		wantAll(t, away, other)
	})
}

// While Redis is away sessions exchange on, known resources are served, others
// refused at once; back again, it tells of moves.
func TestRedisAway(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := platform{redistest.Start(t)}
		home, other := serve(t, "home"), serve(t, "other")
		p.put("orders", "endpoint", home.address)
		proxy := p.start(t, impl, "a", nil)
		crowd := join(t, proxy.Address(), "orders", *sessions)
		crowd.goOn(t, int64(*sessions))
		p.Kill()
		gone, before := time.Now(), crowd.exchanges.Load()
		enginetest.Eventually(t, "the loss is known", func() bool { return !proxy.connected() })
		slowest := time.Duration(0)
		for time.Since(gone) < *away || crowd.exchanges.Load() < before+2*int64(*sessions) {
			begun := time.Now()
			newcomer, err := login(proxy.Address(), "orders")
			enginetest.Must(t, err)
			newcomer.close()
			if _, err := login(proxy.Address(), "invented"); !errors.Is(err, refused("57P03")) {
				t.Fatalf("of an unknown database: %v, want that it is unavailable", err)
			}
			slowest = max(slowest, time.Since(begun))
			crowd.goOn(t, int64(*sessions)/10)
		}
		t.Logf("away for %v, %d exchanges; a login and a refusal took %v at most", time.Since(gone), crowd.exchanges.Load()-before, slowest)
		p.Restart()
		p.put("orders", "endpoint", home.address)
		enginetest.Eventually(t, "Redis is followed again", proxy.connected)
		awaitNew(t, proxy.Address(), "orders", home)
		p.put("orders", "endpoint", other.address)
		t.Logf("back again, a move is seen after %v", awaitNew(t, proxy.Address(), "orders", other))
		crowd.goOn(t, int64(*sessions))
		crowd.leave()
		if n := proxy.Stats().Closed[engine.Unavailable]; n == 0 {
			t.Error("nobody was refused as Unavailable")
		}
		if n := crowd.ended.Load(); n != 0 {
			t.Errorf("%d sessions have ended", n)
		}
	})
}

// Every instance sees the same change.
func TestInstances(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := platform{redistest.Start(t)}
		home, other := serve(t, "home"), serve(t, "other")
		p.put("orders", "endpoint", home.address)
		fronts := []front{p.start(t, impl, "a", nil), p.start(t, impl, "b", nil)}
		var crowds []*crowd
		for _, f := range fronts {
			crowds = append(crowds, join(t, f.Address(), "orders", *sessions/10))
		}
		p.put("orders", "endpoint", other.address, "drain", "-1s")
		for i, f := range fronts {
			awaitNew(t, f.Address(), "orders", other)
			f.AwaitClosed(engine.Moved, uint64(*sessions/10))
			crowds[i].running.Wait()
		}
		crowds[0].exchanges.Add(crowds[1].exchanges.Load())
		wantAll(t, crowds[0], home)
	})
}

// What sessions do is written where a platform looks that scales to zero.
func TestActivity(t *testing.T) {
	p := platform{redistest.Start(t)}
	home := serve(t, "home")
	p.put("orders", "endpoint", home.address)
	proxy := p.start(t, engine.Reactor, "a", nil)
	field := func(name string) string { return p.Do("HGET", "proxy:activity:postgresql:orders", name) }
	crowd := join(t, proxy.Address(), "orders", 10)
	enginetest.Eventually(t, "10 sessions are written", func() bool { return field("sessions") == "10" })
	var last string
	enginetest.Eventually(t, "activity is written", func() bool { last = field("last_activity"); return last != "" })
	enginetest.Eventually(t, "more of it", func() bool { return field("last_activity") > last })
	crowd.leave()
	enginetest.Eventually(t, "that there are none is written", func() bool { return field("sessions") == "0" && field("sessions:a") == "" })
}
