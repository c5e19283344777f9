package webtest

import (
	"strconv"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestNodeAgent has Node's own client send requests over a few connections
// that are kept.
func TestNodeAgent(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		node(t, "agent.js", p.Address(), host).succeeds(t)
		if n := p.Stats().Accepted; n > 4 {
			t.Errorf("%d connections, though 4 are kept", n)
		}
	})
}

// TestUndici has undici send requests without waiting for the responses to
// those before.
func TestUndici(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		node(t, "undici.js", p.Address(), host).succeeds(t)
		if n := p.Stats().Accepted; n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

// TestWebSocket has ws talk to ws: a few messages of all sizes and one stream
// of large ones.
func TestWebSocket(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveNode(t).addr))
		node(t, "websocket.js", p.Address(), host, strconv.FormatInt(*echoed, 10)).succeeds(t)
	})
}
