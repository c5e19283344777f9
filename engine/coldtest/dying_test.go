package coldtest

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// liveOnce listens at an address for one connection, the proxy's look whether it is
// ready, and dies: before it answers, or so that the answer is its last word.
func liveOnce(t *testing.T, address string, answers bool) (died <-chan struct{}) {
	over := make(chan struct{})
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Error(err)
		close(over)
		return over
	}
	go func() {
		defer close(over)
		c, err := l.Accept()
		_ = l.Close()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		if _, err := io.ReadFull(c, make([]byte, len(startup))); err == nil && answers {
			_, _ = io.WriteString(c, welcome)
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	return over
}

// come has n clients want a database.
func come(proxy *enginetest.Proxy, n int) (all []*enginetest.Conn) {
	for range n {
		client := proxy.Dial()
		client.Say(startup)
		all = append(all, client)
	}
	return all
}

// A backend that dies before it is ready, and is started again by whoever sees to
// that, isn't woken again, and nobody hears of it.
func TestBackendDiesBeforeItIsReady(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.wake = func(context.Context) error {
			died := liveOnce(t, p.result.Endpoint, false)
			go func() {
				<-died
				trust(t, p.result.Endpoint)
			}()
			return nil
		}
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) { cfg.ColdStart.Interval = 5 * time.Millisecond })
		for _, client := range come(proxy, 5) {
			client.Hear(welcome)
			enginetest.CloseAll(t, client)
		}
		p.wantWakes(t, 1)
	})
}

// If it isn't started again all are told when the time is over.
func TestBackendDiesForGood(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.wake = func(context.Context) error { liveOnce(t, p.result.Endpoint, false); return nil }
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) {
			hasty(cfg)
			cfg.ColdStart.Interval = 5 * time.Millisecond
		})
		for _, client := range come(proxy, 5) {
			hearRefusal(t, client, "57P03")
		}
		proxy.AwaitClosed(engine.WakeTimeout, 5)
		p.wantWakes(t, 1)
	})
}

// Of one that dies as soon as it is ready those who have waited hear at once, and
// who comes later wakes it anew, whatever its breaker says.
func TestBackendDiesOnceReady(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		everybody := make(chan struct{})
		p.wake = func(context.Context) error {
			if p.wakes.Load() == 1 {
				<-everybody
				liveOnce(t, p.result.Endpoint, true)
			} else {
				trust(t, p.result.Endpoint)
			}
			return nil
		}
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) {
			cfg.ColdStart.Settle = time.Millisecond
			cfg.ColdStart.Interval = 5 * time.Millisecond
			cfg.ColdStart.Timeout = enginetest.Patience
			cfg.Upstream.Breaker.Failures = 3
		})
		waiting := come(proxy, 5)
		enginetest.Eventually(t, "it is woken", func() bool { return p.wakes.Load() == 1 })
		close(everybody)
		for _, client := range waiting {
			hearRefusal(t, client, "57P03")
		}
		proxy.AwaitClosed(engine.ConnectRefused, 5)
		if phase := proxy.Stats().Endpoints[0].Breaker.Phase; phase != upstream.Open {
			t.Errorf("the breaker is %v, for this test it should be open", phase)
		}
		enginetest.Eventually(t, "it is woken anew", func() bool {
			client := come(proxy, 1)[0]
			first, err := client.In.Peek(1)
			enginetest.CloseAll(t, client)
			return err == nil && first[0] == welcome[0]
		})
		p.wantWakes(t, 2)
	})
}
