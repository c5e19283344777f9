package opstest

import (
	"context"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestCloseWhileSecuringBackend: closing while the backend's TLS handshake hangs refuses the client in its protocol
func TestCloseWhileSecuringBackend(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), resolverFunc(func(context.Context, resolve.Request) (resolve.Result, error) {
			return resolve.Result{Endpoint: backend.Address(), Metadata: map[string]string{engine.MetadataTLS: "require"}}, nil
		}))
		cfg.TLS.Backends = enginetest.NewAuthority(t).Backends()
		p := enginetest.Start(t, cfg)
		c := p.Dial()
		c.Say(startup)
		b := backend.Accept()
		b.Hear("\x00\x00\x00\x08\x04\xd2\x16\x2f")
		b.Say("S")
		enginetest.Eventually(t, "securing", func() bool {
			_, n := p.Sessions(engine.SessionFilter{State: "securing_backend"}, 1)
			return n == 1
		})
		if n := p.CloseSessions(engine.SessionFilter{}); n != 1 {
			t.Errorf("%d closed", n)
		}
		if words := c.HearTo("an operator"); words == "" {
			t.Error("no words")
		}
		enginetest.CloseAll(t, c, b)
	})
}
