package pgtest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// bound is a login by SCRAM: which legs are TLS, what the client wants about
// binding it to the server's certificate, and what psql and pgx then tell.
type bound struct {
	client, backend bool
	binding         string // channel_binding
	psql, pgx       string
}

// unbindable is what the server says when the client has bound to the proxy's
// certificate. The hint is the proxy's.
const (
	unbindable     = "FATAL:  SCRAM channel binding check failed"
	unbindableHint = "HINT:  TLS ends at a proxy between client and server, so that the client does not see the server's certificate." +
		" Connect with channel_binding=disable."
)

var bounds = []bound{
	{true, false, "disable", overTLS, overTLS},
	{true, false, "prefer", overTLS, overTLS},
	{true, false, "require", "server did not offer an authentication method that supports channel binding", "server does not support SCRAM-SHA-256-PLUS"},
	{false, true, "disable", inTheClear, inTheClear},
	{false, true, "prefer", inTheClear, inTheClear},
	{false, true, "require", "channel binding required, but SSL not in use", "server does not support SCRAM-SHA-256-PLUS"},
	{true, true, "disable", overTLS, overTLS},
	{true, true, "prefer", unbindable + "\n" + unbindableHint, "SCRAM channel binding check failed (SQLSTATE 28000)"},
	{true, true, "require", unbindable + "\n" + unbindableHint, "SCRAM channel binding check failed (SQLSTATE 28000)"},
}

func TestTLSAndSCRAM(t *testing.T) {
	v := startVault(t)
	server, backends := v.ca.Server(frontName), v.ca.Backends()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, b := range bounds {
			verify := tlsterm.Off
			if b.backend {
				verify = tlsterm.VerifyFull
			}
			p := startProxy(t, impl, routes{"vault": v.route()}, terminating(postgres.TLSOffered, server), encrypting(verify, backends))
			t.Run(b.name(), func(t *testing.T) { b.check(t, p, v.ca) })
		}
	})
}

func (b *bound) name() string {
	legs := "none"
	switch {
	case b.client && b.backend:
		legs = "both legs"
	case b.client:
		legs = "client's leg"
	case b.backend:
		legs = "backend's leg"
	}
	return legs + " " + b.binding
}

func (b *bound) check(t *testing.T, p *proxy, ca *enginetest.Authority) {
	t.Helper()
	sslmode := "disable"
	if b.client {
		sslmode = "verify-full"
	}
	url := with(t, p.url("vault"), "sslmode", sslmode, "sslrootcert", ca.File, "channel_binding", b.binding)
	if got := tellPsql(t, url); !strings.Contains(got, b.psql) {
		t.Errorf("psql: %q, want %q", got, b.psql)
	}
	if got := tellPgx(t, url); !strings.Contains(got, b.pgx) {
		t.Errorf("pgx: %q, want %q", got, b.pgx)
	}
}

// TestTLSAndSCRAMWithOneCertificate has the proxy show the server's own
// certificate, so that what clients bind to is the same.
func TestTLSAndSCRAMWithOneCertificate(t *testing.T) {
	v := startVault(t)
	server, err := tlsterm.OpenServer(tlsterm.ServerOptions{Keypairs: []tlsterm.Keypair{v.pair}})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, server) })
	backends := v.ca.Backends()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"vault": v.route()}, terminating(postgres.TLSRequired, server), encrypting(tlsterm.VerifyFull, backends))
		for _, binding := range []string{"disable", "prefer", "require"} {
			b := bound{client: true, backend: true, binding: binding, psql: overTLS, pgx: overTLS}
			t.Run(binding, func(t *testing.T) { b.check(t, p, v.ca) })
		}
	})
}
