package coldtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Everybody who waits is told in its protocol when a start fails, for the reason
// it fails for.
func TestStartFails(t *testing.T) {
	for name, tt := range map[string]struct {
		wake   func(context.Context) error
		change func(*engine.Config)
		reason engine.Reason
		status string // of PostgreSQL
		http   string
	}{
		"the wake fails":       {func(context.Context) error { return errors.New("no capacity") }, nil, engine.WakeFailed, "57P03", "503"},
		"the wake panics":      {func(context.Context) error { panic("no capacity") }, nil, engine.WakeFailed, "57P03", "503"},
		"the resource is gone": {func(context.Context) error { return resolve.Errorf(resolve.NotFound, "deleted") }, nil, engine.NotFound, "3D000", "404"},
		"it takes too long":    {hang, hasty, engine.WakeTimeout, "57P03", "504"},
		"it never listens":     {func(context.Context) error { return nil }, hasty, engine.WakeTimeout, "57P03", "504"},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := asleep(reserve(t))
				p.wake = tt.wake
				proxy := startPostgres(t, impl, p, tt.change)
				const n = 3
				var waiting []*enginetest.Conn
				for range n {
					client := proxy.Dial()
					client.Say(startup)
					waiting = append(waiting, client)
				}
				for _, client := range waiting {
					hearRefusal(t, client, tt.status)
				}
				proxy.AwaitClosed(tt.reason, n)
			})
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := asleep(reserve(t))
				p.wake = tt.wake
				cfg := enginetest.Config(impl, engine.HTTPFront(), p)
				if tt.change != nil {
					tt.change(&cfg)
				}
				proxy := enginetest.Start(t, cfg)
				client := proxy.Dial()
				client.Say("GET / HTTP/1.1\r\nHost: sleeper\r\nConnection: close\r\n\r\n")
				hearRefusal(t, client, "HTTP/1.1 "+tt.http)
				if n := proxy.Stats().Refused[tt.reason]; n != 1 {
					t.Errorf("%d requests were refused as %v, want 1", n, tt.reason)
				}
			})
		})
	}
}

func hasty(cfg *engine.Config) { cfg.ColdStart.Timeout = 50 * time.Millisecond }

// A client that leaves while it waits makes room for the next.
func TestWhoLeavesFreesItsPlace(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		up := make(chan struct{})
		p.wake = func(ctx context.Context) error {
			select {
			case <-up:
				trust(t, p.result.Endpoint)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) {
			cfg.ColdStart.PerResource = 1
			cfg.ColdStartCheck = upstream.TCP
		})
		first := proxy.Dial()
		first.Say(startup)
		enginetest.Eventually(t, "the first waits", func() bool { return p.wakes.Load() == 1 })
		second := proxy.Dial()
		second.Say(startup)
		hearRefusal(t, second, "53300")
		proxy.AwaitClosed(engine.WakeCrowded, 1)
		enginetest.CloseAll(t, first) // in order, as a client that was interrupted does
		proxy.AwaitClosed(engine.ClientGone, 1)
		third := proxy.Dial()
		third.Say(startup)
		enginetest.Eventually(t, "the third waits", func() bool { return p.wakes.Load() == 2 })
		close(up)
		third.Hear(welcome)
		enginetest.CloseAll(t, third)
	})
}

// The same for HTTP: the client's request goes with it.
func TestHTTPClientLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		ended := make(chan struct{})
		p.wake = func(ctx context.Context) error {
			<-ctx.Done()
			close(ended)
			return ctx.Err()
		}
		proxy := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), p))
		client := proxy.Dial()
		client.Say("GET / HTTP/1.1\r\nHost: sleeper\r\n\r\n")
		enginetest.Eventually(t, "it waits", func() bool { return p.wakes.Load() == 1 })
		enginetest.CloseAll(t, client)
		<-ended // nobody waits any more
	})
}

// What is drained while clients wait ends without a word.
func TestShutdownWhileWaiting(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.wake = hang
		proxy := startPostgres(t, impl, p, nil)
		client := proxy.Dial()
		client.Say(startup)
		enginetest.Eventually(t, "it waits", func() bool { return p.wakes.Load() == 1 })
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := proxy.Shutdown(now); err == nil {
			t.Error("a session that waits was not ended")
		}
		client.HearGone()
		proxy.AwaitClosed(engine.Drained, 1)
	})
}
