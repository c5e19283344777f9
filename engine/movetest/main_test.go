// Package movetest has resources move, drain and lose their platform while
// sessions are under way: real Redis, both variants of the engine.
package movetest

import (
	"flag"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve/redis"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

var (
	// sessions is how many run; more than CI's are for a run by hand, as is away.
	sessions = flag.Int("sessions", 200, "sessions at once")
	away     = flag.Duration("away", 0, "how long Redis is away at least")
	rounds   = flag.Int("moves", 3, "moves that are measured")
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

// platform is a Redis and what is written there.
type platform struct{ *redistest.Server }

// put writes fields of a PostgreSQL database's hash.
func (p platform) put(database string, fields ...string) {
	p.Do(append([]string{"HSET", "proxy:route:postgresql:" + database}, fields...)...)
}

// front is a proxy with its resolver.
type front struct {
	*enginetest.Proxy
	resolver *redis.Resolver
}

// start runs a proxy for PostgreSQL that asks Redis. instance tells it from others.
func (p platform) start(t *testing.T, impl engine.Impl, instance string, change func(*engine.Config)) front {
	t.Helper()
	resolver, err := redis.New(redis.Options{
		Addresses: []string{p.Socket}, Unix: true, Instance: instance, ActivityInterval: 10 * time.Millisecond,
	})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.Must(t, resolver.Close()) })
	cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), resolver)
	cfg.TrackInterval = time.Nanosecond
	if change != nil {
		change(&cfg)
	}
	return front{enginetest.Start(t, cfg), resolver}
}

// connected says that Redis is there, as far as the proxy knows.
func (f front) connected() bool { return f.resolver.Stats()["connected"].(bool) }

// crowd is sessions that exchange all the time, each on a goroutine of its own.
type crowd struct {
	exchanges atomic.Int64
	ended     atomic.Int64 // sessions that were told to go, in order
	running   sync.WaitGroup
	stop      chan struct{}
}

// join opens n sessions of a database, one after the other, and has them exchange
// until leave.
func join(t *testing.T, address, database string, n int) *crowd {
	t.Helper()
	c := &crowd{stop: make(chan struct{})}
	t.Cleanup(c.leave)
	for range n {
		s, err := login(address, database)
		enginetest.Must(t, err)
		c.running.Go(func() { c.run(t, s) })
	}
	return c
}

// run exchanges until leave, or the proxy ends the session in order.
func (c *crowd) run(t *testing.T, s *session) {
	defer s.close()
	pause := time.NewTicker(pace())
	defer pause.Stop()
	for {
		switch over, err := s.exchange(); {
		case err != nil:
			t.Errorf("after %d exchanges: %v", s.count, err)
			return
		case over:
			c.ended.Add(1)
			return
		}
		c.exchanges.Add(1)
		select {
		case <-pause.C:
		case <-c.stop:
			return
		}
	}
}

// pace is the pause between two exchanges of a session: 4,000 exchanges a second
// of all leave the machine room for what is measured.
func pace() time.Duration { return time.Duration(max(*sessions, 1)) * time.Second / 4_000 }

// leave ends the sessions from the clients' side. It may be called twice.
func (c *crowd) leave() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.running.Wait()
}

// goOn waits for so many further exchanges.
func (c *crowd) goOn(t *testing.T, n int64) {
	t.Helper()
	from := c.exchanges.Load()
	enginetest.Eventually(t, "the sessions exchange on", func() bool { return c.exchanges.Load() >= from+n })
}
