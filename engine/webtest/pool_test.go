package webtest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// TestReuse has two clients, one after the other, served over one connection to
// their backend.
func TestReuse(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()), oneLoop)
		client := p.Dial()
		link := firstExchange(client, backend)
		checkExchange(client, link)
		enginetest.Must(t, client.Close())
		p.AwaitActive(0)
		checkExchange(p.Dial(), link)
		p.checkConnections(t, 1)
	})
}

// oneLoop has a proxy keep one pool: there is one per loop.
func oneLoop(cfg *engine.Config) { cfg.EventLoops = 1 }

// firstExchange has a client's request answered over a fresh connection, which
// it returns.
func firstExchange(client *enginetest.Conn, backend *enginetest.Backend) (link *enginetest.Conn) {
	client.Say(get + "\r\n")
	link = backend.Accept()
	answer(client, link)
	return link
}

// checkExchange has a client's request answered over this connection.
func checkExchange(client, link *enginetest.Conn) {
	client.Say(get + "\r\n")
	answer(client, link)
}

// answer answers the request that has come.
func answer(client, link *enginetest.Conn) {
	link.HearTo("\r\n\r\n")
	link.Say(fine)
	client.HearTo("fine")
}

// checkConnections checks how many connections were made to the only backend.
func (p *proxy) checkConnections(t *testing.T, want uint64) {
	t.Helper()
	e := p.Stats().Endpoints
	if len(e) != 1 || e[0].Attempts[upstream.Connected] != want {
		t.Errorf("the endpoint's counters: %+v; want %d connections", e, want)
	}
}

// TestDeadPooledConnection has a connection break when it is used again. What
// may be asked twice is, once.
func TestDeadPooledConnection(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, c := range []struct {
			name, request string
			repeated      bool
		}{
			{"GET", get + "\r\n", true},
			{"POST", post + "Content-Length: 0\r\n\r\n", false},
			{"GET with a body", get + "Content-Length: 1\r\n\r\nx", false},
		} {
			t.Run(c.name, func(t *testing.T) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()))
				client := p.Dial()
				link := firstExchange(client, backend)
				want := uint64(1)
				client.Say(c.request)
				first := link.HearTo("\r\n\r\n")
				link.Reset()
				if c.repeated {
					want++
					second := backend.Accept()
					second.Hear(first)
					second.Reset()
				}
				client.Hear("HTTP/1.1 502 ")
				p.checkConnections(t, want)
			})
		}
	})
}

// TestRepeatedRequest has the second attempt succeed: the client notices
// nothing.
func TestRepeatedRequest(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		client := p.Dial()
		link := firstExchange(client, backend)
		client.Say(get + "\r\n")
		link.HearTo("\r\n\r\n")
		link.Reset()
		second := backend.Accept()
		answer(client, second)
		checkExchange(client, second)
		p.checkConnections(t, 2)
	})
}

// TestUnreadBodyEndsItsConnection: a backend that has answered before it had
// the whole request is not asked anything over that connection.
func TestUnreadBodyEndsItsConnection(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()), oneLoop)
		client := p.Dial()
		client.Say(post + "Content-Length: 10\r\n\r\n12345")
		link := backend.Accept()
		link.HearTo("12345")
		link.Say(fine)
		client.HearTo("fine")
		link.HearGone()
		client.HearEnd()
		firstExchange(p.Dial(), backend)
		p.checkConnections(t, 2)
	})
}

// TestPooledConnectionsAge: what nobody uses is closed when it has rested, or
// lived, for too long.
func TestPooledConnectionsAge(t *testing.T) {
	for name, change := range map[string]func(*engine.Config){
		"rest": func(cfg *engine.Config) { cfg.HTTP.PoolIdle = brief },
		"life": func(cfg *engine.Config) { cfg.HTTP.PoolLifetime = brief },
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				client := startProxy(t, impl, only(backend.Address()), change).Dial()
				firstExchange(client, backend).HearEnd()
				firstExchange(client, backend)
			})
		})
	}
}
