package pgtest

import (
	"context"
	"crypto/tls"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// frontName is what the proxy's certificate is for: the address its clients
// connect to, so that all of them can verify it.
const frontName = "127.0.0.1"

// terminating has the listener treat its clients' TLS in this way; server is nil
// where TLS isn't terminated.
func terminating(mode postgres.TLSMode, server *tlsterm.Server) change {
	return func(cfg *engine.Config) {
		cfg.Listeners[0].Front = postgres.Front(postgres.Options{TLS: mode})
		cfg.Listeners[0].TLS = server
	}
}

// encrypting has the backends' legs be encrypted.
func encrypting(verify tlsterm.Verify, backends *tlsterm.Client) change {
	return func(cfg *engine.Config) {
		cfg.Listeners[0].BackendTLS = verify
		cfg.TLS.Backends = backends
	}
}

// Resolve implements resolve.Resolver, for routes with more metadata than
// matters in a file.
func (r routes) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	result, found := r[q.Resource]
	if !found {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
	}
	return result, nil
}

// resolving has these routes be the resolver themselves.
func resolving(r routes) change {
	return func(cfg *engine.Config) { cfg.Resolver = r }
}

// with adds parameters to a URL, name and value by turns.
func with(t *testing.T, raw string, parameters ...string) string {
	t.Helper()
	u, err := url.Parse(raw)
	enginetest.Must(t, err)
	query := u.Query()
	for pair := range slices.Chunk(parameters, 2) {
		query.Set(pair[0], pair[1])
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// What a tlsClient adds to where it got to.
const (
	overTLS    = " over TLS"
	inTheClear = " in the clear"
)

// tlsClients tell where they got to and whether by TLS, or why they didn't get
// there.
var tlsClients = []struct {
	name string
	tell func(t *testing.T, url string) string
}{
	{"psql", tellPsql},
	{"pgx", tellPgx},
	{"psycopg2", func(t *testing.T, url string) string { return psycopg(t, "encrypted.py", url).succeeds(t) }},
}

func tellPsql(t *testing.T, url string) string {
	t.Helper()
	got := psql(t, url, "-c", whoami, "-c", `\conninfo`)
	where, how, _ := strings.Cut(got.stdout, "\n")
	switch {
	case got.code != 0:
		return got.stderr
	case strings.Contains(how, "SSL connection"):
		return where + overTLS
	default:
		return where + inTheClear
	}
}

func tellPgx(t *testing.T, url string) string {
	t.Helper()
	conn, err := tryConnect(t, url)
	if err != nil {
		return err.Error()
	}
	defer conn.Close(context.Background())
	where := ask(t, conn, whoami)
	if encrypted(conn) == nil {
		return where + inTheClear
	}
	return where + overTLS
}

// encrypted is the TLS connection of a session, nil in the clear.
func encrypted(conn *pgx.Conn) *tls.Conn {
	c, _ := conn.PgConn().Conn().(*tls.Conn)
	return c
}
