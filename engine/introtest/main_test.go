// Package introtest tests who the engine takes its clients for: the PROXY protocol
// from proxies before it and to its backends, and the limits of single clients.
// Each test runs for both implementations. What must be installed,
// scripts/deps.sh installs.
package introtest

import (
	"context"
	"net/netip"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	// loopback is where the tests' clients are.
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	// told is what the tests' proxies say of their clients.
	told = proxyheader.Header{Client: netip.MustParseAddrPort("192.0.2.1:40000"), Local: netip.MustParseAddrPort("198.51.100.2:25")}
	// toldV1 is its line.
	toldV1 = string(told.Append(nil, proxyheader.V1))
)

// asked is a resolver that remembers whom it was asked by.
type asked struct {
	result resolve.Result

	mu      sync.Mutex
	clients []netip.AddrPort
}

// Resolve implements resolve.Resolver.
func (a *asked) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients = append(a.clients, q.Client)
	return a.result, nil
}

// change is something about a proxy that isn't as start would have it.
type change = func(*engine.Config)

// trusting has the header of whoever is on this machine wanted, and the backends
// be told by version 1.
func trusting(cfg *engine.Config) {
	cfg.ProxyProtocolFrom = loopback
	cfg.Listeners[0].BackendHeader = proxyheader.V1
}

// start runs a proxy to one backend.
func start(t *testing.T, impl engine.Impl, front codecs.Front, changes ...change) (*enginetest.Proxy, *enginetest.Backend) {
	t.Helper()
	backend := enginetest.Listen(t)
	cfg := enginetest.Config(impl, front, resolve.Fixed(backend.Address()))
	for _, apply := range changes {
		apply(&cfg)
	}
	return enginetest.Start(t, cfg), backend
}

// plain is the front of a protocol that is all the client's.
func plain() codecs.Front { return tcp.Front("some") }

// end ends a session in order.
func end(t *testing.T, client, backend *enginetest.Conn) {
	t.Helper()
	enginetest.Must(t, client.CloseWrite())
	backend.HearEnd()
	enginetest.Must(t, backend.Close())
	client.HearEnd()
	enginetest.Must(t, client.Close())
}
