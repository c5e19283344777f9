package tlstest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
	"github.com/proxy-engine/proxy-engine/codecs/passthrough"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

func TestPassthrough(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		m := openMall(t, impl)
		visits := uint64(0)
		for _, name := range shops {
			m.visit(name, nil)
			visits++
			for _, size := range []int{1, 7, 1 << 14} {
				m.visit(name, func(c net.Conn) net.Conn { return &fragmented{c, size} })
				visits++
			}
		}
		m.AwaitClosed(engine.ClientClosed, visits)
	})
}

// HTTPS passes through with whatever is spoken in it, HTTP/2 for one.
func TestPassthroughHTTPS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		m := openMall(t, impl, func(m *mall, cfg *engine.Config) {
			cfg.Listeners[0].Front = passthrough.Front(codecs.HTTP)
			known := make(endpoints)
			for _, name := range shops {
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					fmt.Fprintf(w, "%s by %s as %s", r.Host, name, r.Proto)
				}))
				server.TLS, server.EnableHTTP2 = &tls.Config{Certificates: []tls.Certificate{m.certs[name]}}, true
				server.StartTLS()
				m.t.Cleanup(server.Close)
				known[name] = server.Listener.Addr().String()
			}
			cfg.Resolver = known
		})
		transport := &http.Transport{
			DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", m.Address()) },
			TLSClientConfig:   &tls.Config{RootCAs: m.ca.Roots()},
			ForceAttemptHTTP2: true,
		}
		t.Cleanup(transport.CloseIdleConnections)
		for _, name := range shops {
			r, err := (&http.Client{Transport: transport}).Get("https://" + name)
			enginetest.Must(t, err)
			got, err := io.ReadAll(r.Body)
			enginetest.Must(t, errors.Join(err, r.Body.Close()))
			if want := fmt.Sprintf("%s by %s as HTTP/2.0", name, name); string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

// Whoever isn't let through is told by an alert, in the clear.
func TestPassthroughRefuses(t *testing.T) {
	const half = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
	tests := []struct {
		what   string
		name   string // asked for, unless something else is said
		says   string
		alert  clienthello.Alert
		reason engine.Reason
	}{
		{what: "no name", alert: clienthello.MissingExtension, reason: engine.NotFound},
		{what: "an unknown name", name: "unknown.test", alert: clienthello.UnrecognizedName, reason: engine.NotFound},
		{what: "a forbidden name", name: "forbidden.test", alert: clienthello.AccessDenied, reason: engine.Forbidden},
		{what: "a backend that is down", name: "closed.test", alert: clienthello.HandshakeFailure, reason: engine.ConnectRefused},
		{what: "HTTP", says: "GET / HTTP/1.1\r\n\r\n", alert: clienthello.DecodeError, reason: engine.Malformed},
		{what: "another record", says: "\x17\x03\x03\x00\x01x", alert: clienthello.DecodeError, reason: engine.Malformed},
		{what: "an empty record", says: "\x16\x03\x01\x00\x00", alert: clienthello.DecodeError, reason: engine.Malformed},
		{what: "half a hello", says: half, alert: clienthello.HandshakeFailure, reason: engine.DetectTimeout},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, tt := range tests {
			t.Run(tt.what, func(t *testing.T) {
				m := openMall(t, impl, func(_ *mall, cfg *engine.Config) {
					if tt.reason == engine.DetectTimeout {
						cfg.Timeouts.Detect = 50 * time.Millisecond
					}
				})
				if tt.says == "" {
					tt.says = helloFor(tt.name)
				}
				c := m.Dial()
				c.Say(tt.says)
				if got, want := c.HearEnd(), string(tt.alert.Append(nil)); got != want {
					t.Errorf("the client got %q, want %q", got, want)
				}
				enginetest.Must(t, c.Close())
				m.AwaitClosed(tt.reason, 1)
			})
		}
	})
}

// helloFor is a ClientHello for the name, "" for none.
func helloFor(name string) string {
	var l listening
	_ = tls.Client(&l, &tls.Config{ServerName: name, InsecureSkipVerify: true}).Handshake()
	return string(l.said)
}

// terminating has the proxy show a certificate of its own to who names a shop.
func terminating(m *mall, cfg *engine.Config) {
	cfg.Listeners[0].Front = tcp.FrontByServerName()
	cfg.Listeners[0].TLS = m.ca.Server("*.test")
	cfg.TLS.Backends = m.ca.Backends()
}

// With TLS terminated the name routes too; backends are spoken to in the clear or
// by a TLS of their own, for which the endpoint's host stands.
func TestRouteByServerName(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		m := openMall(t, impl, terminating)
		for _, name := range shops {
			for _, change := range []func(net.Conn) net.Conn{nil, func(c net.Conn) net.Conn { return &fragmented{c, 1} }} {
				c := m.client(name, change)
				enginetest.Must(t, c.Handshake())
				talk(t, c, m.shops[name].Accept().TCPConn)
			}
		}
		m.AwaitClosed(engine.ClientClosed, uint64(2*len(shops)))
	})
}

func TestRouteByServerNameToTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		m := openMall(t, impl, terminating, func(_ *mall, cfg *engine.Config) { cfg.Listeners[0].BackendTLS = tlsterm.VerifyFull })
		_, cert := m.ca.Issue(backendName)
		for _, name := range shops {
			c := m.client(name, nil)
			enginetest.Must(t, c.Handshake())
			s := tls.Server(m.shops[name].Accept().TCPConn, &tls.Config{Certificates: []tls.Certificate{cert}})
			talk(t, c, s)
		}
		m.AwaitClosed(engine.ClientClosed, uint64(len(shops)))
	})
}

// There are no words for a refusal within TLS: the connection just ends, in order.
func TestRouteByServerNameRefuses(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for name, reason := range map[string]engine.Reason{
			"": engine.NotFound, "unknown.test": engine.NotFound, "forbidden.test": engine.Forbidden, "closed.test": engine.ConnectRefused,
		} {
			t.Run(name, func(t *testing.T) {
				m := openMall(t, impl, terminating)
				c := tls.Client(m.Dial().TCPConn, &tls.Config{ServerName: name, InsecureSkipVerify: true})
				enginetest.Must(t, c.Handshake())
				if n, err := c.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the client got %d bytes and %v", n, err)
				}
				_ = c.Close()
				m.AwaitClosed(reason, 1)
			})
		}
		t.Run("garbage", func(t *testing.T) {
			m := openMall(t, impl, terminating)
			c := m.Dial()
			c.Say("\x16\x03\x01\x00\x05garbage")
			c.HearGone()
			_ = c.Close()
			m.AwaitClosed(engine.HandshakeFailed, 1)
		})
	})
}
