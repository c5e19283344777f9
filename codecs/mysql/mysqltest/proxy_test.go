// Package mysqltest runs codecs/mysql between real clients and real servers: in
// the engine, of either implementation, and to record transcripts in the
// smallest driver there can be around it.
package mysqltest

import (
	"context"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// impl is how the engine drives sessions; all tests are run for each.
var impl engine.Impl

// proxy is where clients connect.
type proxy struct {
	t  testing.TB
	at netip.AddrPort
	// engine is nil in front of a recorder.
	engine *enginetest.Proxy
}

func (p *proxy) port() int { return int(p.at.Port()) }

// startProxy runs an engine that ends with the test, and then has left nothing
// behind.
func startProxy(t testing.TB, o mysql.Options, backends map[string]backend, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	enginetest.CheckLeaks(t)
	enginetest.Must(t, o.Validate())
	cfg := enginetest.Config(impl, mysql.Front(o), routes(backends))
	cfg.TLS.Backends = anybody(t)
	if o.TLS != mysql.TLSOff {
		cfg.Listeners[0].TLS = certificate(t)
	}
	for _, change := range changes {
		change(&cfg)
	}
	e := enginetest.Start(t, cfg)
	return &proxy{t, e.Addr(enginetest.Listener), e}
}

// certificate is what the proxy shows clients.
func certificate(t testing.TB) *tlsterm.Server {
	t.Helper()
	dir := t.TempDir()
	enginetest.Must(t, writeCertificate(dir))
	pair := tlsterm.Keypair{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	s, err := tlsterm.OpenServer(tlsterm.ServerOptions{Keypairs: []tlsterm.Keypair{pair}})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, s) })
	return s
}

// anybody trusts every backend, as Require and Prefer do.
func anybody(t testing.TB) *tlsterm.Client {
	t.Helper()
	c, err := tlsterm.OpenClient(tlsterm.ClientOptions{})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, c) })
	return c
}

// routes are the backends by resource.
type routes map[string]backend

// Resolve implements resolve.Resolver.
func (r routes) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	b, known := r[req.Resource]
	if !known {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no such resource")
	}
	metadata := map[string]string{engine.MetadataTLS: max(b.verify, verify(b.target.TLS)).String()}
	if database, named := b.target.Metadata[codecs.MetadataDatabase]; named {
		metadata[codecs.MetadataDatabase] = database
	}
	return resolve.Result{Endpoint: b.address, Metadata: metadata}, nil
}

func verify(p codecs.TLSPolicy) tlsterm.Verify {
	return [...]tlsterm.Verify{codecs.NoTLS: tlsterm.Off, codecs.PreferTLS: tlsterm.Prefer, codecs.RequireTLS: tlsterm.Require}[p]
}
