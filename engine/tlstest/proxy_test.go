// Package tlstest tests TLS through the engine, with real clients and servers.
package tlstest

import (
	"crypto/tls"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// name is the one the proxy has a certificate for, backendName the backend's.
const (
	name        = "proxy.test"
	backendName = "127.0.0.1"
)

// proxy is a TCP proxy under test, with an authority and a backend.
type proxy struct {
	*enginetest.Proxy
	t       *testing.T
	ca      *enginetest.Authority
	backend *enginetest.Backend
	cert    tls.Certificate // the backend's
	links   atomic.Int64    // connections an HTTP backend has got
}

// start runs a proxy for plain TCP that terminates its clients' TLS and speaks
// with its backend in the clear, unless changed.
func start(t *testing.T, impl engine.Impl, changes ...func(*proxy, *engine.Config)) *proxy {
	t.Helper()
	p := &proxy{t: t, ca: enginetest.NewAuthority(t), backend: enginetest.Listen(t)}
	_, p.cert = p.ca.Issue(backendName)
	cfg := enginetest.Config(impl, tcp.Front("any"), resolve.Fixed(p.backend.Address()))
	cfg.TLS.Backends = p.ca.Backends()
	cfg.Listeners[0].TLS = p.ca.Server(name)
	for _, change := range changes {
		change(p, &cfg)
	}
	p.Proxy = enginetest.Start(t, cfg)
	return p
}

// inTheClear has clients speak without TLS.
func inTheClear(_ *proxy, cfg *engine.Config) { cfg.Listeners[0].TLS = nil }

// verified has the backend's leg be encrypted and verified.
func verified(_ *proxy, cfg *engine.Config) { cfg.Listeners[0].BackendTLS = tlsterm.VerifyFull }

// client connects a TLS client, which has not shaken hands yet.
func (p *proxy) client(change func(*tls.Config)) *tls.Conn {
	p.t.Helper()
	config := &tls.Config{RootCAs: p.ca.Roots(), ServerName: name}
	if change != nil {
		change(config)
	}
	return tls.Client(p.Dial().TCPConn, config)
}

// server accepts the proxy's connection to the backend, by TLS.
func (p *proxy) server() *tls.Conn {
	p.t.Helper()
	return tls.Server(p.backend.Accept().TCPConn, &tls.Config{Certificates: []tls.Certificate{p.cert}})
}

// version allows one version only.
func version(v uint16) func(*tls.Config) {
	return func(c *tls.Config) { c.MinVersion, c.MaxVersion = v, v }
}
