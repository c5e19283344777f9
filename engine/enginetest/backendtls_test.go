package enginetest_test

import (
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// backendName is what backends have certificates for.
const backendName = "127.0.0.1"

// turning is a codec that turns its backend's leg to TLS when either side says
// so.
func turning() *lines {
	return &lines{commands: commands{"tls": {Action: codecs.StartBackendTLS, ToBackend: []byte("GO\n")}}}
}

// startTurning runs a proxy that verifies its backends by the authority.
func startTurning(t *testing.T, impl engine.Impl, c *lines, ca *enginetest.Authority, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	return start(t, impl, c, append(changes, func(cfg *engine.Config) {
		cfg.TLS.Backends = ca.Backends()
		cfg.Listeners[0].BackendTLS = tlsterm.VerifyFull
	})...)
}

// behind is a connection that is read behind what has been heard.
type behind struct{ *enginetest.Conn }

func (b behind) Read(p []byte) (int, error) { return b.In.Read(p) }

// server turns the test's end of a connection to TLS.
func server(c *enginetest.Conn, cert tls.Certificate) *tls.Conn {
	return tls.Server(behind{c}, &tls.Config{Certificates: []tls.Certificate{cert}})
}

// The codec goes on over TLS with what the client has said meanwhile, whoever
// made it begin.
func TestStartBackendTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, by := range []string{"the backend", "the client", "Open"} {
			t.Run("by "+by, func(t *testing.T) { testBackendTLS(t, impl, by) })
		}
	})
}

func testBackendTLS(t *testing.T, impl engine.Impl, by string) {
	ca := enginetest.NewAuthority(t)
	_, cert := ca.Issue(backendName)
	c := turning()
	if by == "Open" {
		c.opening = "tls"
	}
	p := startTurning(t, impl, c, ca)
	client, backend := p.session()
	switch by {
	case "the backend":
		backend.Say("tls\n")
	case "the client":
		client.Say("in the clear\n")
		backend.Hear("IN THE CLEAR\n")
		client.Say("tls\n")
	}
	backend.Hear("GO\n")
	client.Say("meanwhile\n")
	secured := server(backend, cert)
	enginetest.Must(t, hearAll(secured, []byte("SECURED\nMEANWHILE\n")))
	client.Hear("secured\n")
	enginetest.Must(t, sayAll(secured, []byte("ANSWER\n")))
	client.Hear("answer\n")
	enginetest.Must(t, secured.CloseWrite())
	client.HearEnd()
	enginetest.Must(t, client.CloseWrite())
	if n, err := secured.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the backend got %d bytes, %v", n, err)
	}
	p.AwaitClosed(engine.BackendClosed, 1)
}

// A backend that can't be spoken to by TLS is a refusal in the client's protocol.
func TestStartBackendTLSFails(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		t.Run("by its certificate", func(t *testing.T) {
			_, strange := enginetest.NewAuthority(t).Issue(backendName)
			p := startTurning(t, impl, turning(), enginetest.NewAuthority(t))
			client, backend := p.session()
			backend.Say("tls\n")
			backend.Hear("GO\n")
			failed := enginetest.Async(server(backend, strange).Handshake)
			client.Hear(refusal(codecs.Unavailable))
			client.HearEnd()
			enginetest.Must(t, client.Close())
			<-failed // or not: in TLS 1.3 it hears of it later
			p.AwaitClosed(engine.BackendHandshakeFailed, 1)
		})
		t.Run("by its silence", func(t *testing.T) {
			p := startTurning(t, impl, turning(), enginetest.NewAuthority(t), func(cfg *engine.Config) { cfg.Timeouts.Handshake = time.Second / 10 })
			for i := range 5 {
				client, backend := p.session()
				backend.Say("tls\n")
				backend.Hear("GO\n")
				client.Hear(refusal(codecs.Timeout))
				client.HearEnd()
				enginetest.Must(t, client.Close())
				p.AwaitClosed(engine.BackendHandshakeTimeout, uint64(i+1))
			}
		})
	})
}
