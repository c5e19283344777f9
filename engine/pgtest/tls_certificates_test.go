package pgtest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestTLSClientCertificates has psql show certificates, good and bad. It is told
// by TLS's alerts why it isn't welcome.
func TestTLSClientCertificates(t *testing.T) {
	ca, strangers := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	server := ca.Server(frontName, func(o *tlsterm.ServerOptions) { o.ClientCA, o.RequireClientCert = ca.File, true })
	good, _ := ca.Issue(role)
	stale, _ := ca.Issue("stale", enginetest.Expired)
	foreign, _ := strangers.Issue(role)
	tests := []struct {
		name, version string
		pair          tlsterm.Keypair
		want          string
	}{
		{"valid", "TLSv1.2", good, "alpha/alpha" + overTLS},
		{"valid", "TLSv1.3", good, "alpha/alpha" + overTLS},
		{"none", "TLSv1.2", tlsterm.Keypair{}, "alert handshake failure"}, // there is no better before TLS 1.3
		{"none", "TLSv1.3", tlsterm.Keypair{}, "alert certificate required"},
		{"expired", "TLSv1.2", stale, "alert certificate expired"},
		{"expired", "TLSv1.3", stale, "alert certificate expired"},
		{"unknown CA", "TLSv1.2", foreign, "alert unknown ca"},
		{"unknown CA", "TLSv1.3", foreign, "alert unknown ca"},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		for _, tt := range tests {
			t.Run(tt.version+" "+tt.name, func(t *testing.T) {
				got := tellPsql(t, with(t, p.url("alpha"), "sslmode", "verify-full", "sslrootcert", ca.File,
					"sslcert", tt.pair.Cert, "sslkey", tt.pair.Key, "ssl_max_protocol_version", tt.version))
				if !strings.Contains(got, tt.want) {
					t.Errorf("psql: %q, want %q", got, tt.want)
				}
			})
		}
		p.AwaitClosed(engine.HandshakeFailed, 6)
	})
}
