package tlstest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// asker is a codec that routes at once, and turns its backend's leg to TLS when
// that has said "!". What the backend says then is passed on.
type asker struct{}

var _ codecs.Upgrader = asker{}

func (asker) Start() codecs.Step { return codecs.Step{Action: codecs.Route, Resource: []byte("any")} }

func (asker) Client([]byte) codecs.Step { return codecs.Step{} }

func (asker) Open([]byte, codecs.Target) codecs.Step { return codecs.Step{} }

func (asker) Backend(in []byte) codecs.Step {
	if in[0] == '!' {
		return codecs.Step{Action: codecs.StartBackendTLS, Consumed: 1}
	}
	return codecs.Step{ToClient: in, Consumed: len(in)}
}

func (asker) Secured(codecs.TLS) codecs.Step { return codecs.Step{} }

func (asker) BackendSecured([]byte) codecs.Step { return codecs.Step{} }

func (asker) Refuse(dst []byte, _ codecs.Failure) []byte { return append(dst, "refused"...) }

// startAsker runs a proxy whose sessions have that codec.
func startAsker(t *testing.T, impl engine.Impl) *proxy {
	t.Helper()
	return start(t, impl, inTheClear, func(p *proxy, cfg *engine.Config) {
		front := codecs.Front{Protocol: codecs.SMTP, Negotiates: true, MaxPending: 4096, New: func() codecs.Codec { return asker{} }}
		cfg.Listeners[0].Front, cfg.Listeners[0].BackendTLS = front, tlsterm.Require
	})
}

// What a backend, or somebody on the way to it, has said behind the word that
// begins TLS is none of what it says within.
func TestGluedBehindTheBackendsWord(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startAsker(t, impl)
		c := p.Dial()
		backend := p.backend.Accept()
		backend.Say("!slipped in")
		if heard := c.HearEnd(); heard != "refused" {
			t.Errorf("the client heard %q", heard)
		}
		enginetest.Must(t, c.Close())
		p.AwaitClosed(engine.BackendHandshakeFailed, 1)
	})
}

// A backend that never shakes hands has its reason, and its client is told,
// whoever of the two is read.
func TestSilentBackend(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, inTheClear, verified, func(_ *proxy, cfg *engine.Config) {
			cfg.Timeouts.Handshake = 20 * time.Millisecond
			cfg.Upstream.Breaker.Failures, cfg.Upstream.Breaker.FailureRate = 0, 0
		})
		const times = 20
		for range times {
			c := p.Dial()
			p.backend.Accept()
			c.HearGone()
			enginetest.Must(t, c.Close())
		}
		p.AwaitClosed(engine.BackendHandshakeTimeout, times)
	})
}

// A route that asks for TLS where there is nothing to verify backends with is a
// fault of the configuration.
func TestRouteWantsWhatIsntThere(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		a := &asked{requests: make(chan resolve.Request, 1)}
		p := start(t, impl, inTheClear, asking(a, engine.MetadataTLS, "require"), func(_ *proxy, cfg *engine.Config) { cfg.TLS.Backends = nil })
		p.Dial().HearGone()
		p.AwaitClosed(engine.InternalError, 1)
	})
}
