package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestTLSReload replaces the proxy's certificate while a session lives: the
// session goes on, the next one is shown the new certificate.
func TestTLSReload(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		server := ca.Server(frontName)
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		url := with(t, p.url("alpha"), "sslmode", "verify-full", "sslrootcert", ca.File)
		old := connect(t, url)
		before := serial(old)
		_, fresh := ca.Issue(frontName) // over the files in use
		enginetest.Must(t, server.Reload())
		next := connect(t, url)
		if got, want := serial(next), fresh.Leaf.SerialNumber.String(); got != want || got == before {
			t.Errorf("a new session is shown certificate %s, want %s; it was %s", got, want, before)
		}
		for _, conn := range []*pgx.Conn{old, next} {
			if got := ask(t, conn, whoami); got != "alpha/alpha" {
				t.Errorf("got to %s", got)
			}
		}
		if got := serial(old); got != before {
			t.Errorf("the old session has certificate %s, was %s", got, before)
		}
	})
}

// serial is the number of the certificate that a session was shown.
func serial(conn *pgx.Conn) string {
	return encrypted(conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
}
