package pgtest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// insists is what a listener that requires TLS says to others.
const insists = "only connections that are encrypted with TLS are accepted here"

// tlsModes are libpq's sslmode, all with the right CA, and what becomes of them
// at listeners that offer or require TLS.
var tlsModes = []struct {
	sslmode           string
	offered, required string
}{
	{"disable", inTheClear, insists},
	{"allow", inTheClear, overTLS}, // clear first, TLS when refused
	{"prefer", overTLS, overTLS},
	{"require", overTLS, overTLS},
	{"verify-ca", overTLS, overTLS},
	{"verify-full", overTLS, overTLS},
}

func TestTLSModes(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		offering := startProxy(t, impl, routesByName(), terminating(postgres.TLSOffered, server))
		requiring := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		for _, m := range tlsModes {
			t.Run(m.sslmode, func(t *testing.T) {
				wantAll(t, with(t, offering.url("alpha"), "sslmode", m.sslmode, "sslrootcert", ca.File), m.offered)
				wantAll(t, with(t, requiring.url("beta"), "sslmode", m.sslmode, "sslrootcert", ca.File), m.required)
			})
		}
	})
}

// wantAll has all clients tell how they fared.
func wantAll(t *testing.T, url, want string) {
	t.Helper()
	for _, c := range tlsClients {
		if got := c.tell(t, url); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

// TestTLSRequired shows what a client in the clear is told by a listener that
// requires TLS: what to do about it.
func TestTLSRequired(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		url := p.url("alpha") + "?sslmode=disable"
		const hint = "Connect with sslmode=require or stronger."
		if e := refusedByPgx(t, url); e.Severity != "FATAL" || e.Code != "28000" || e.Message != insists || e.Hint != hint {
			t.Errorf("pgx is told %+v", e)
		}
		if got, want := refusedByPsql(t, url), "FATAL:  "+insists+"\nHINT:  "+hint; got != want {
			t.Errorf("psql says %q, want %q", got, want)
		}
		p.AwaitClosed(engine.Forbidden, 2)
	})
}

// TestTLSClientsVerify has clients meet a certificate that isn't for the address
// they connect to, or from a CA they don't trust.
func TestTLSClientsVerify(t *testing.T) {
	ca, strangers := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	server := ca.Server("other.test")
	tests := []struct {
		name, sslmode, file string
		psql, pgx           string
	}{
		{"verify-ca, another name", "verify-ca", ca.File, overTLS, overTLS},
		{"verify-full, another name", "verify-full", ca.File, `does not match host name "127.0.0.1"`, "x509: cannot validate certificate for 127.0.0.1"},
		{"verify-ca, unknown CA", "verify-ca", strangers.File, "SSL error: certificate verify failed", "certificate signed by unknown authority"},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSOffered, server))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				url := with(t, p.url("alpha"), "sslmode", tt.sslmode, "sslrootcert", tt.file)
				if got := tellPsql(t, url); !strings.Contains(got, tt.psql) {
					t.Errorf("psql: %q, want %q", got, tt.psql)
				}
				if got := tellPgx(t, url); !strings.Contains(got, tt.pgx) {
					t.Errorf("pgx: %q, want %q", got, tt.pgx)
				}
			})
		}
	})
}

// TestTLSClientsWork has all drivers do what they can, over TLS, at once.
func TestTLSClientsWork(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		t.Run("all", func(t *testing.T) {
			for _, client := range clients {
				for _, name := range names {
					t.Run(client.name+" "+name, func(t *testing.T) {
						t.Parallel()
						url := with(t, p.url(name), "sslmode", "verify-full", "sslrootcert", ca.File)
						if got, want := client.whoami(t, url), name+"/"+name; got != want {
							t.Errorf("got to %s, want %s", got, want)
						}
					})
				}
			}
		})
	})
}
