package tlstest

import (
	"crypto/tls"
	"io"
	"os"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// New files serve who comes from then on; who is connected isn't touched.
// Broken ones change nothing.
func TestReload(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		var server *tlsterm.Server
		p := start(t, impl, func(_ *proxy, cfg *engine.Config) { server = cfg.Listeners[0].TLS })
		before := p.client(nil)
		enginetest.Must(t, before.Handshake())
		backend := p.backend.Accept()

		pair, cert := p.ca.Issue(name) // over the files in use
		enginetest.Must(t, server.Reload())
		p.expectCertificate(cert)

		enginetest.Must(t, os.WriteFile(pair.Cert, []byte("broken"), 0o600))
		if err := server.Reload(); err == nil {
			t.Error("a broken file is no error")
		}
		p.expectCertificate(cert)

		_, err := before.Write([]byte("still here"))
		enginetest.Must(t, err)
		backend.Hear("still here")
	})
}

// expectCertificate checks what a new client is shown.
func (p *proxy) expectCertificate(want tls.Certificate) {
	p.t.Helper()
	c := p.client(nil)
	enginetest.Must(p.t, c.Handshake())
	if got := c.ConnectionState().PeerCertificates[0]; !got.Equal(want.Leaf) {
		p.t.Errorf("serial %v, want %v", got.SerialNumber, want.Leaf.SerialNumber)
	}
	_ = c.Close()
	_, _ = io.Copy(io.Discard, p.backend.Accept())
}

// Clients resume their sessions, over either version.
func TestResumption(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := start(t, impl)
				sessions := tls.NewLRUClientSessionCache(1)
				for i := range 3 {
					c := p.client(func(c *tls.Config) { version(v)(c); c.ClientSessionCache = sessions })
					enginetest.Must(t, c.Handshake())
					backend := p.backend.Accept()
					backend.Say("tickets come before this") // in TLS 1.3
					_, err := io.ReadFull(c, make([]byte, len("tickets come before this")))
					enginetest.Must(t, err)
					if got := c.ConnectionState().DidResume; got != (i > 0) {
						t.Errorf("connection %d: resumed is %v", i, got)
					}
					_ = c.Close()
				}
			})
		})
	}
}
