package pgtest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// logins are ways of failing to log in at gamma, which asks for SCRAM.
var logins = []struct {
	name string
	as   *url.Userinfo
	code string
}{
	{"wrong password", url.UserPassword(role, "wrong"), "28P01"},
	{"no such role", url.UserPassword("nobody", password), "28P01"},
	{"role without a password", url.UserPassword("postgres", password), "28P01"},
}

// as is a URL with another user.
func as(t *testing.T, raw string, user *url.Userinfo) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.User = user
	return u.String()
}

// TestSCRAM compares with what the server says when asked without a proxy.
func TestSCRAM(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		if got := ask(t, connect(t, p.url("gamma")), whoami); got != "gamma/gamma" {
			t.Errorf("got to %s, want gamma/gamma", got)
		}
		for _, login := range logins {
			t.Run(login.name, func(t *testing.T) {
				direct, proxied := as(t, directURL("gamma"), login.as), as(t, p.url("gamma"), login.as)
				want := refusedByPgx(t, direct)
				if want.Code != login.code {
					t.Errorf("the server itself says %s, want %s", want.Code, login.code)
				}
				if got := refusedByPgx(t, proxied); *got != *want {
					t.Errorf("pgx is told %+v, want %+v", got, want)
				}
				if got, want := refusedByPsql(t, proxied), refusedByPsql(t, direct); got != want {
					t.Errorf("psql says %q, want %q", got, want)
				}
			})
		}
	})
}

// refusedByPgx returns the error that keeps pgx out.
func refusedByPgx(t *testing.T, url string) *pgconn.PgError {
	t.Helper()
	conn, err := tryConnect(t, url)
	if err == nil {
		t.Errorf("logged in: %v", conn.Close(t.Context()))
	}
	return serverError(t, err)
}

// refusedByPsql returns what psql prints, without the address it connected to.
func refusedByPsql(t *testing.T, url string) string {
	t.Helper()
	got := psql(t, url, "-c", whoami)
	_, words, found := strings.Cut(got.stderr, " failed: ")
	if got.code != 2 || !found {
		t.Fatalf("psql's exit code is %d, want 2: %s%s", got.code, got.stdout, got.stderr)
	}
	return words
}
