package pgtest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/naming"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// to is a route to a cluster.
func to(name string) resolve.Result {
	return resolve.Result{Endpoint: servers.named[name].Endpoint()}
}

// renamed is a route to a cluster where the database has another name.
func renamed(name, database string) resolve.Result {
	r := to(name)
	r.Metadata = map[string]string{"database": database}
	return r
}

// withPattern cuts the resource id out of the database's name.
func withPattern(t *testing.T, expr string) change {
	t.Helper()
	pattern, err := naming.CompilePattern(expr)
	if err != nil {
		t.Fatal(err)
	}
	return func(cfg *engine.Config) {
		cfg.Listeners[0].Front = postgres.Front(postgres.Options{ResourcePattern: pattern})
	}
}

// TestDatabaseDefaultsToUser asks with pgx, which leaves the database out of
// the startup when it isn't given one.
func TestDatabaseDefaultsToUser(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{role: to("beta")})
		if got := ask(t, connect(t, p.url("")), whoami); got != "beta/"+role {
			t.Errorf("got to %s, want beta/%s", got, role)
		}
	})
}

func TestResourcePattern(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"beta": to("beta")}, withPattern(t, `^db-([A-Za-z0-9]+)(?:\.|$)`))
		if got := psql(t, p.url("db-beta.reports"), "-c", whoami).succeeds(t); got != "beta/db-beta.reports" {
			t.Errorf("got to %s, want beta/db-beta.reports", got)
		}
		_, err := tryConnect(t, p.url("beta"))
		if e := serverError(t, err); e.Code != "3D000" {
			t.Errorf("a name without a resource id is refused with %s %s, want 3D000", e.Code, e.Message)
		}
	})
}

func TestDatabaseRewriting(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"shop": renamed("gamma", "shop_v2"), role: renamed("alpha", "shop_v2")})
		for _, tt := range []struct{ database, want string }{{"shop", "gamma/shop_v2"}, {"", "alpha/shop_v2"}} {
			if got := ask(t, connect(t, p.url(tt.database)), whoami); got != tt.want {
				t.Errorf("database %q: got to %s, want %s", tt.database, got, tt.want)
			}
		}
	})
}

// TestMove moves a resource to another cluster while it is in use.
func TestMove(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"shop_v2": to("alpha")})
		old := connect(t, p.url("shop_v2"))
		if got := ask(t, old, whoami); got != "alpha/shop_v2" {
			t.Fatalf("got to %s, want alpha/shop_v2", got)
		}
		p.route(routes{"shop_v2": to("beta")})
		enginetest.Eventually(t, "new sessions get to beta", func() bool {
			got, err := askOnce(t.Context(), p.url("shop_v2"))
			return err == nil && got == "beta/shop_v2"
		})
		if got := ask(t, old, whoami); got != "alpha/shop_v2" {
			t.Errorf("the open session went to %s", got)
		}
	})
}
