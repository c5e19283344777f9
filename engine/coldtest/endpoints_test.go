package coldtest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Sessions go to a resource's endpoints in turn, and past one that is down.
func TestRoundRobinPastOneThatIsDown(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		down, one, other := reserve(t), reserve(t), reserve(t)
		servedByOne, servedByOther := echo(t, one), echo(t, other)
		p := &platform{result: resolve.Result{Endpoint: down, Others: []string{one, other}}}
		proxy := startTCP(t, impl, p, nil)
		const n = 12
		for range n {
			enginetest.Must(t, exchange(proxy.Address(), "whoever you are"))
		}
		a, b := servedByOne(), servedByOther()
		if a+b != n || a < n/3 || b < n/3 {
			t.Errorf("%d and %d sessions, want about as many each, %d in all", a, b, n)
		}
		for _, e := range proxy.Stats().Endpoints {
			if e.Name == down && e.Breaker.Phase == upstream.Closed {
				t.Errorf("the breaker of the one that is down is closed: %+v", e)
			}
		}
	})
}

// First is failover.
func TestFailover(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		first, second := reserve(t), reserve(t)
		servedBySecond := echo(t, second)
		p := &platform{result: resolve.Result{Endpoint: first, Others: []string{second}, Balance: resolve.First}}
		proxy := startTCP(t, impl, p, func(cfg *engine.Config) { cfg.Upstream.Breaker.Failures = 0; cfg.Upstream.Breaker.FailureRate = 0 })
		enginetest.Must(t, exchange(proxy.Address(), "anybody"))
		if servedBySecond() != 1 {
			t.Error("not served by the second while the first is down")
		}
		servedByFirst := echo(t, first)
		enginetest.Must(t, exchange(proxy.Address(), "anybody"))
		if servedByFirst() != 1 {
			t.Error("not served by the first once it is up")
		}
	})
}

// The same for HTTP, where connections are pooled.
func TestHTTPFailover(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := &platform{result: resolve.Result{Endpoint: reserve(t), Others: []string{backend.Address()}}}
		proxy := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), p))
		client := proxy.Dial()
		var link *enginetest.Conn
		for range 4 {
			client.Say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if link == nil {
				link = backend.Accept()
			}
			link.HearTo("\r\n\r\n")
			link.Say("HTTP/1.1 204 No Content\r\n\r\n")
			client.HearTo("HTTP/1.1 204 ")
			client.HearTo("\r\n\r\n")
		}
		enginetest.CloseAll(t, client)
	})
}

// With one endpoint the open breaker answers with the last real reason, at once
// and without a connection; what clients do doesn't open it.
func TestBreaker(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := &platform{result: resolve.Result{Endpoint: backend.Address()}}
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) { cfg.Upstream.Breaker.Failures = 2 })
		for range 5 { // clients that leave
			client := proxy.Dial()
			client.Say(startup)
			backend.Accept().Hear(startup)
			client.Reset()
			proxy.AwaitActive(0)
		}
		for range 5 { // logins that are refused
			client := proxy.Dial()
			client.Say(startup)
			link := backend.Accept()
			link.Hear(startup)
			link.Say("E\x00\x00\x00\x0fC28P01\x00\x00no")
			enginetest.CloseAll(t, link)
			client.HearGone()
			enginetest.CloseAll(t, client)
		}
		proxy.AwaitActive(0)
		for range 2 { // a backend that hangs up
			client := proxy.Dial()
			client.Say(startup)
			enginetest.CloseAll(t, backend.Accept())
			hearRefusal(t, client, "57P03")
		}
		proxy.AwaitActive(0)
		client := proxy.Dial()
		client.Say(startup)
		hearRefusal(t, client, "57P03") // without the backend, which nobody accepts at
		if e := proxy.Stats().Endpoints[0]; e.Breaker.Phase != upstream.Open || e.Attempts[upstream.Connected] != 12 {
			t.Errorf("%+v, want an open breaker and 12 connections", e)
		}
	})
}
