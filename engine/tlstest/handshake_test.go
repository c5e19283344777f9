package tlstest

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// mutual asks clients for a certificate of the authority's.
func mutual(p *proxy, cfg *engine.Config) {
	cfg.Listeners[0].TLS = p.ca.Server(name, func(o *tlsterm.ServerOptions) {
		o.ClientCA, o.RequireClientCert = p.ca.File, true
	})
}

// Whoever can't show a valid certificate is told by an alert, which in TLS 1.3
// comes after the client takes its own handshake for complete.
func TestClientCertificates(t *testing.T) {
	strangers := enginetest.NewAuthority(t)
	tests := []struct {
		name  string
		cert  func(*proxy) tls.Certificate
		alert string // "" if it is welcome
	}{
		{"valid", func(p *proxy) tls.Certificate { _, c := p.ca.Issue("client"); return c }, ""},
		{"none", func(*proxy) tls.Certificate { return tls.Certificate{} }, "certificate required"},
		{"expired", func(p *proxy) tls.Certificate { _, c := p.ca.Issue("client", enginetest.Expired); return c }, "expired certificate"},
		{"unknown CA", func(*proxy) tls.Certificate { _, c := strangers.Issue("client"); return c }, "unknown certificate authority"},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				p := start(t, impl, mutual)
				cert := tt.cert(p)
				c := p.client(func(c *tls.Config) {
					// Go's client shows nothing that the CA's name doesn't fit.
					c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
				})
				err := c.Handshake()
				if tt.alert == "" {
					enginetest.Must(t, err)
					p.backend.Accept()
					return
				}
				if err == nil {
					_, err = c.Read(make([]byte, 1))
				}
				if err == nil || !strings.Contains(err.Error(), tt.alert) {
					t.Errorf("the client saw %v, want an alert: %s", err, tt.alert)
				}
				_ = c.NetConn().Close()
				p.AwaitClosed(engine.HandshakeFailed, 1)
			})
		}
	})
}

// Those who don't speak TLS are answered with an alert or, if they say nothing,
// closed at the deadline. Each ends with its reason.
func TestNoHandshake(t *testing.T) {
	tests := []struct {
		name, says string
		reason     engine.Reason
	}{
		{"garbage", "\x00\x01garbage", engine.HandshakeFailed},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", engine.HandshakeFailed},
		{"a hello that ends too early", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", engine.HandshakeFailed},
		{"nothing", "", engine.HandshakeTimeout},
		{"half a hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", engine.HandshakeTimeout},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				p := start(t, impl, func(_ *proxy, cfg *engine.Config) {
					if tt.reason == engine.HandshakeTimeout {
						cfg.Timeouts.Handshake = 50 * time.Millisecond
					}
				})
				c := p.Dial()
				c.Say(tt.says)
				c.HearGone()
				enginetest.Must(t, c.Close())
				p.AwaitClosed(tt.reason, 1)
			})
		}
	})
}

// A client that goes away within the handshake is no failure of it.
func TestClientGoesWithinHandshake(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl)
		for _, says := range []string{"", "\x16\x03\x01\x02\x00\x01"} {
			c := p.Dial()
			c.Say(says)
			enginetest.Must(t, c.Close())
		}
		// One that is gone while the proxy waits for its second message.
		conn, err := net.Dial("tcp", p.Address())
		enginetest.Must(t, err)
		_ = tls.Client(&mute{Conn: conn}, &tls.Config{ServerName: name, RootCAs: p.ca.Roots()}).Handshake()
		p.AwaitClosed(engine.ClientGone, 3)
	})
}

// mute closes the connection instead of writing a second time.
type mute struct {
	net.Conn
	spoken bool
}

func (m *mute) Write(b []byte) (int, error) {
	if m.spoken {
		_ = m.Conn.Close()
		return 0, net.ErrClosed
	}
	m.spoken = true
	return m.Conn.Write(b)
}

// There is no version below 1.2, and no suite without forward secrecy or
// authenticated encryption, whatever the client would like.
func TestOldAndWeak(t *testing.T) {
	var weak []uint16
	for _, s := range append(tls.InsecureCipherSuites(), tls.CipherSuites()...) {
		if !strings.HasPrefix(s.Name, "TLS_ECDHE") || strings.Contains(s.Name, "CBC") || strings.Contains(s.Name, "RC4") {
			if len(s.SupportedVersions) > 1 || s.SupportedVersions[0] < tls.VersionTLS13 {
				weak = append(weak, s.ID)
			}
		}
	}
	tests := map[string]func(*tls.Config){
		"TLS 1.0":     version(tls.VersionTLS10),
		"TLS 1.1":     version(tls.VersionTLS11),
		"weak suites": func(c *tls.Config) { c.CipherSuites, c.MaxVersion = weak, tls.VersionTLS12 },
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl)
		for what, change := range tests {
			c := p.client(change)
			if err := c.Handshake(); err == nil {
				t.Errorf("%s: the proxy was content", what)
			}
			_ = c.NetConn().Close()
		}
		p.AwaitClosed(engine.HandshakeFailed, uint64(len(tests)))
	})
}

// A backend that can't prove who it is gets nothing of the client's.
func TestBackendCertificates(t *testing.T) {
	strangers := enginetest.NewAuthority(t)
	tests := []struct {
		name   string
		verify tlsterm.Verify
		cert   func(*proxy) tls.Certificate
		good   bool
	}{
		{"verify-full", tlsterm.VerifyFull, func(p *proxy) tls.Certificate { return p.cert }, true},
		{"verify-full, another name", tlsterm.VerifyFull, func(p *proxy) tls.Certificate { _, c := p.ca.Issue("other"); return c }, false},
		{"verify-full, expired", tlsterm.VerifyFull, func(p *proxy) tls.Certificate { _, c := p.ca.Issue(backendName, enginetest.Expired); return c }, false},
		{"verify-ca, another name", tlsterm.VerifyCA, func(p *proxy) tls.Certificate { _, c := p.ca.Issue("other"); return c }, true},
		{"verify-ca, unknown CA", tlsterm.VerifyCA, func(*proxy) tls.Certificate { _, c := strangers.Issue(backendName); return c }, false},
		{"require, unknown CA", tlsterm.Require, func(*proxy) tls.Certificate { _, c := strangers.Issue(backendName); return c }, true},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				p := start(t, impl, inTheClear, func(_ *proxy, cfg *engine.Config) { cfg.Listeners[0].BackendTLS = tt.verify })
				p.cert = tt.cert(p)
				c := p.Dial()
				c.Say("secret")
				backend := p.server()
				got := make([]byte, len("secret"))
				_, err := io.ReadFull(backend, got)
				if (err == nil) != tt.good {
					t.Fatalf("the backend got %q, %v", got, err)
				}
				if !tt.good {
					c.HearGone()
					_ = c.Close()
					p.AwaitClosed(engine.BackendHandshakeFailed, 1)
				}
			})
		}
	})
}
