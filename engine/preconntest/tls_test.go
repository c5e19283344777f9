package preconntest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// answer is a resolver that always says the same.
type answer resolve.Result

// Resolve implements resolve.Resolver.
func (a answer) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	return resolve.Result(a), nil
}

// count is an OP_MSG that asks for a command of the database "app".
const count = "\x32\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" +
	"\x00\x00\x00\x00\x00" +
	"\x1d\x00\x00\x00\x10count\x00\x01\x00\x00\x00\x02$db\x00\x04\x00\x00\x00app\x00\x00"

// echoTLS says back what it hears within TLS, and counts handshakes.
func echoTLS(t *testing.T, certificate tls.Certificate) (address string, shaken *atomic.Int64) {
	t.Helper()
	shaken = new(atomic.Int64)
	address = serveAll(t, func(c net.Conn) {
		secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}})
		if secured.Handshake() == nil {
			shaken.Add(1)
			_, _ = io.Copy(secured, secured)
		}
	})
	return address, shaken
}

// Where TLS begins with the first byte it stands before the client comes.
func TestTLSStandsAlready(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		_, certificate := ca.Issue("localhost")
		address, shaken := echoTLS(t, certificate)
		cfg := enginetest.Config(impl, mongodb.Front(mongodb.Options{}), resolve.Fixed(address))
		cfg.EventLoops = 1
		cfg.Preconnect.PerEndpoint, cfg.Preconnect.Idle = 1, enginetest.Patience
		cfg.Listeners[0].BackendTLS, cfg.TLS.Backends = tlsterm.Require, ca.Backends()
		p := enginetest.Start(t, cfg)
		first, second := p.Dial(), p.Dial()
		first.Say(count)
		first.Hear(count)
		awaitReady(t, p, 1)
		enginetest.Eventually(t, "two handshakes", func() bool { return shaken.Load() == 2 })
		second.Say(count)
		second.Hear(count)
		if s := p.Stats().Preconnect; s.Hits != 1 {
			t.Errorf("%+v", s)
		}
		for range 3 {
			second.Say(count)
			second.Hear(count)
		}
		enginetest.CloseAll(t, first, second)
	})
}
