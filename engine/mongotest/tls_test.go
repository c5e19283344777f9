package mongotest

import (
	"crypto/x509"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// terminating has the proxy be known by the authority's certificate of a name.
func terminating(ca *enginetest.Authority, name string) change {
	pair, _ := ca.Issue("127.0.0.1", func(c *x509.Certificate) { c.DNSNames = []string{name} })
	server := ca.Server("unused.test", func(o *tlsterm.ServerOptions) { o.Keypairs = []tlsterm.Keypair{pair} })
	return func(_ *mongodb.Options, cfg *engine.Config) { cfg.Listeners[0].TLS = server }
}

// encrypting has the backends' legs be encrypted, and verified by the authority.
func encrypting(ca *enginetest.Authority) change {
	backends := ca.Backends()
	return func(_ *mongodb.Options, cfg *engine.Config) {
		cfg.Listeners[0].BackendTLS = tlsterm.VerifyFull
		cfg.TLS.Backends = backends
	}
}

// secured are the options of a connection string for TLS.
func secured(ca *enginetest.Authority) []string { return []string{"tls=true", "tlsCAFile=" + ca.File} }

// TestTLS encrypts both legs, each by itself and both at once, and has clients
// log in over them.
func TestTLS(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	pair, _ := ca.Issue("127.0.0.1")
	plain := login(t, "shop")
	encrypted := ferret(t, mongoprograms.ServerOptions{
		Member: hidden, Database: "shop", User: "alice", Password: "secret", Cert: pair.Cert, Key: pair.Key,
	})
	front, back := terminating(ca, "shop.test"), encrypting(ca)
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		for _, tt := range []struct {
			name    string
			server  *mongoprograms.Server
			options []string
			changes []change
		}{
			{"client", plain, secured(ca), []change{front}},
			{"backend", encrypted, nil, []change{back}},
			{"both", encrypted, secured(ca), []change{front, back}},
		} {
			p := startProxy(t, impl, toAll().with(map[string]string{"shop": tt.server.Address}), tt.changes...)
			j := mongoprograms.Job{URI: p.uri("alice:secret@", "shop", tt.options...), Database: "any" + own + tt.name, Count: 20, Size: 100_000, Workers: 2}
			if r := run(t, d, j); r != worked(tt.server, 20, 2) {
				t.Errorf("%s: %+v", tt.name, r)
			}
		}
	})
}

// TestStrangeBackend isn't spoken to.
func TestStrangeBackend(t *testing.T) {
	pair, _ := enginetest.NewAuthority(t).Issue("127.0.0.1")
	server := ferret(t, mongoprograms.ServerOptions{Cert: pair.Cert, Key: pair.Key})
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll().with(map[string]string{"shop": server.Address}), encrypting(enginetest.NewAuthority(t)))
		r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: "shop" + own, Count: 20})
		refusal{6, "the connection to the server can't be encrypted as configured"}.check(t, "a stranger's certificate", r)
	})
}
