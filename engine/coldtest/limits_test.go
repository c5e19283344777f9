package coldtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// A resource has no more sessions than it may, by its route's word or the
// configuration's, and a place that is left is taken again.
func TestSessionsOfOneResource(t *testing.T) {
	for name, tt := range map[string]struct {
		result resolve.Result
		limit  upstream.Allowance
	}{
		"by its route":         {resolve.Result{MaxSessions: 1}, upstream.Allowance{Sessions: 100}},
		"by the configuration": {resolve.Result{}, upstream.Allowance{Sessions: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				address := reserve(t)
				trust(t, address)
				tt.result.Endpoint = address
				proxy := startPostgres(t, impl, &platform{result: tt.result}, func(cfg *engine.Config) { cfg.Resources = tt.limit })
				first := proxy.Dial()
				first.Say(startup)
				first.Hear(welcome)
				second := proxy.Dial()
				second.Say(startup)
				hearRefusal(t, second, "53300")
				proxy.AwaitClosed(engine.ResourceFull, 1)
				enginetest.CloseAll(t, first)
				proxy.AwaitActive(0)
				third := proxy.Dial()
				third.Say(startup)
				third.Hear(welcome)
				enginetest.CloseAll(t, third)
			})
		})
	}
}

// Those who have waited for a start aren't refused when the resource is full: they
// wait on, and are let in one after the other.
func TestWaitersTakeTurns(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.set(func(r *resolve.Result) { r.MaxSessions = 1 })
		up := make(chan struct{})
		p.wake = func(context.Context) error {
			<-up
			echo(t, p.result.Endpoint)
			return nil
		}
		proxy := startTCP(t, impl, p, nil)
		const n = 5
		done := make(chan error, n)
		for range n {
			go func() { done <- exchange(proxy.Address(), "my turn") }()
		}
		proxy.AwaitActive(n)
		close(up)
		for range n {
			enginetest.Must(t, <-done)
		}
		p.wantWakes(t, 1)
	})
}

// An HTTP connection is a session of the resource it has last asked for.
func TestHTTPConnectionsOfOneResource(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(backend.Close)
		cfg := enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend.Listener.Addr().String()))
		cfg.Resources.Sessions = 1
		proxy := enginetest.Start(t, cfg)
		ask := func(client *enginetest.Conn, host, status string) {
			t.Helper()
			client.Say("HEAD / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
			client.HearTo("HTTP/1.1 " + status)
			client.HearTo("\r\n\r\n")
		}
		first, second, third := proxy.Dial(), proxy.Dial(), proxy.Dial()
		ask(first, "a", "404")
		ask(second, "a", "503")
		ask(first, "b", "404") // and has left a
		ask(third, "a", "404")
		enginetest.CloseAll(t, first, second, third)
	})
}
