package pgtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// refusal is what a client is told.
type refusal struct {
	name     string
	database string
	code     string
	message  string
	// cannotConnectNow says that libpq must take it as "try again" (SQLSTATE
	// 57P03), as pg_isready shows.
	cannotConnectNow bool
}

// refusals are the proxy's own; the databases are refusalRoutes'.
var refusals = []refusal{
	{name: "unknown database", database: "nowhere", code: "3D000", message: `database "nowhere" does not exist`},
	{name: "forbidden address", database: "forbidden", code: "28000", message: `permission denied for database "forbidden"`},
	{name: "backend down", database: "down", code: "57P03", message: `database "down" is not accepting connections`, cannotConnectNow: true},
	{name: "connect timeout", database: "asleep", code: "57P03", message: `database "asleep" did not accept the connection in time`, cannotConnectNow: true},
	{name: "backend hangs up", database: "hangs-up", code: "57P03", message: `database "hangs-up" is not accepting connections`, cannotConnectNow: true},
}

func refusalRoutes(t *testing.T) routes {
	return routes{
		"forbidden": {Endpoint: "169.254.169.254:5432"},
		"down":      {Endpoint: enginetest.ClosedPort(t)},
		"asleep":    {Endpoint: enginetest.BlackHole(t), Timeout: 100 * time.Millisecond},
		"hangs-up":  {Endpoint: hangsUp(t)},
	}
}

// TestRefusals has every client refused for every reason. psql and psycopg2
// don't show the SQLSTATE of a failed login; pgx, node-postgres and pg_isready
// do.
func TestRefusals(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, refusalRoutes(t))
		for _, r := range refusals {
			t.Run(r.name, func(t *testing.T) { r.check(t, p.url(r.database)) })
		}
	})
}

// check has the clients try to connect.
func (r *refusal) check(t *testing.T, url string) {
	t.Helper()
	if e := refusedByPgx(t, url); e.Severity != "FATAL" || e.Code != r.code || e.Message != r.message {
		t.Errorf("pgx is told %s %s: %s, want FATAL %s: %s", e.Severity, e.Code, e.Message, r.code, r.message)
	}
	if got, want := node(t, "refusal.js", url).succeeds(t), fmt.Sprintf("FATAL %s: %s", r.code, r.message); got != want {
		t.Errorf("node-postgres is told %q, want %q", got, want)
	}
	want := "FATAL:  " + r.message
	if got := refusedByPsql(t, url); !strings.HasPrefix(got, want) {
		t.Errorf("psql says %q, want %q", got, want)
	}
	if got := psycopg(t, "refusal.py", url).succeeds(t); !strings.Contains(got, want) {
		t.Errorf("psycopg2 says %q, want %q", got, want)
	}
	r.checkReadiness(t, url)
}

// checkReadiness asks pg_isready, which knows three answers of a server: that
// it takes sessions (0), that it can't now (1), and none (2). Any refusal but
// 57P03 counts as the first.
func (r *refusal) checkReadiness(t *testing.T, url string) {
	t.Helper()
	want := 0
	if r.cannotConnectNow {
		want = 1
	}
	if got := run(t, servers.farm.Program("pg_isready"), "-d", url); got.code != want {
		t.Errorf("pg_isready's exit code is %d, want %d: %s", got.code, want, got.stdout)
	}
}

// TestTooManySessions fills the proxy. Whoever is in can still cancel.
func TestTooManySessions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), func(cfg *engine.Config) { cfg.MaxSessions = 2 })
		// pgx asks for TLS in a connection of its own, which would count, too.
		first := connect(t, p.url("alpha")+"?sslmode=disable")
		second := startSleeper(t, p.url("beta")+"?sslmode=disable", "full")
		second.awaitRunning(t, "beta")
		full := refusal{code: "53300", message: `too many connections for database "gamma"`}
		full.check(t, p.url("gamma"))
		second.cancel(t)
		second.wantCancelled(t)
		if got := ask(t, first, whoami); got != "alpha/alpha" {
			t.Errorf("the first session is at %s", got)
		}
		second.close(t)
		enginetest.Eventually(t, "there is room again", func() bool {
			_, err := askOnce(t.Context(), p.url("gamma"))
			return err == nil
		})
	})
}

// TestServersOwnRefusals compares what servers say with and without the proxy.
func TestServersOwnRefusals(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"missing": to("alpha"), "closed": to("alpha"), "full": to("alpha")})
		for _, tt := range []struct{ database, code string }{{"missing", "3D000"}, {"closed", "55000"}, {"full", "53300"}} {
			want := refusedByPgx(t, clientURL(servers.named["alpha"].Endpoint(), tt.database))
			if got := refusedByPgx(t, p.url(tt.database)); *got != *want || got.Code != tt.code {
				t.Errorf("database %s: told %+v, want %+v", tt.database, got, want)
			}
		}
	})
}

// TestRouteAppears gives a database that was refused a route.
func TestRouteAppears(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"other": to("beta")})
		if e := refusedByPgx(t, p.url("alpha")); e.Code != "3D000" {
			t.Errorf("without a route: %s", e.Code)
		}
		p.route(routes{"alpha": to("alpha")})
		enginetest.Eventually(t, "the new route is used", func() bool {
			got, err := askOnce(t.Context(), p.url("alpha"))
			return err == nil && got == "alpha/alpha"
		})
	})
}
