package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
)

// TestBackendRestarts stops a server as its operator would, and starts it
// again: what clients are told at each step.
func TestBackendRestarts(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		cluster := startCluster(t, "restarting_"+string(impl))
		p := startProxy(t, impl, routes{"postgres": {Endpoint: cluster.Endpoint()}})
		r := restart{cluster: cluster, direct: asAdmin(t, clientURL(cluster.Endpoint(), "postgres")), proxied: asAdmin(t, p.url("postgres"))}
		r.shutDown(t)
		r.down(t)
		r.up(t)
	})
}

// startCluster starts a cluster that is the test's alone.
func startCluster(t *testing.T, name string) *pgcluster.Cluster {
	t.Helper()
	cluster, err := servers.farm.Start(t.Context(), pgcluster.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(context.Background(), pgcluster.Immediate); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// restart is a server that comes and goes.
type restart struct {
	cluster         *pgcluster.Cluster
	direct, proxied string
}

// shutDown lets open sessions go on and refuses new ones, then ends all. The
// words are the server's own.
func (r *restart) shutDown(t *testing.T) {
	byPgx, byPsql := connect(t, r.proxied), startPsql(t, r.proxied)
	r.cluster.Signal(pgcluster.Smart)
	enginetest.Eventually(t, "the server refuses sessions", func() bool {
		_, err := askOnce(t.Context(), r.direct)
		return err != nil
	})
	want := refusedByPgx(t, r.direct)
	if got := refusedByPgx(t, r.proxied); *got != *want || got.Code != "57P03" {
		t.Errorf("while the server shuts down, told %+v, want %+v", got, want)
	}
	shutting := refusal{code: want.Code, message: want.Message, cannotConnectNow: true}
	shutting.check(t, r.proxied)
	if got := ask(t, byPgx, whoami); got != r.cluster.Name+"/postgres" {
		t.Errorf("the open session is at %s", got)
	}
	r.stop(t)
	const code, message = "57P01", "terminating connection due to administrator command"
	_, err := byPgx.Exec(t.Context(), whoami)
	if e := serverError(t, err); e.Code != code || e.Message != message {
		t.Errorf("the open session ended with %s %s, want %s %s", e.Code, e.Message, code, message)
	}
	if got, want := byPsql.end(t), fmt.Sprintf("FATAL:  %s: %s", code, message); !strings.Contains(got, want) {
		t.Errorf("psql says %q, want %q", got, want)
	}
}

// stop ends the server, which ends its sessions.
func (r *restart) stop(t *testing.T) {
	t.Helper()
	if err := r.cluster.Stop(t.Context(), pgcluster.Fast); err != nil {
		t.Fatal(err)
	}
}

// down checks the proxy's own words for a server that isn't there.
func (r *restart) down(t *testing.T) {
	gone := refusal{code: "57P03", message: `database "postgres" is not accepting connections`, cannotConnectNow: true}
	gone.check(t, r.proxied)
}

// up starts the server again: the proxy must find it, at the latest when its
// breaker tries it again.
func (r *restart) up(t *testing.T) {
	if err := r.cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	enginetest.Eventually(t, "the server is found", func() bool { return psql(t, r.proxied, "-c", whoami).code == 0 })
	if got := psql(t, r.proxied, "-c", whoami).succeeds(t); got != r.cluster.Name+"/postgres" {
		t.Errorf("got to %s", got)
	}
}

// asAdmin is a URL with the superuser, who needs no password at a cluster that
// trusts everybody.
func asAdmin(t *testing.T, raw string) string { return as(t, raw, url.User(pgcluster.Admin)) }

// TestFailover gives libpq two addresses: at SQLSTATE 57P03 it tries the next,
// at any other error of the server's it doesn't.
func TestFailover(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		first := startProxy(t, impl, routes{"alpha": {Endpoint: enginetest.ClosedPort(t)}})
		second := startProxy(t, impl, routesByName())
		both := func(database string) string { return clientURL(first.Address()+","+second.Address(), database) }
		if got := psql(t, both("alpha"), "-c", whoami).succeeds(t); got != "alpha/alpha" {
			t.Errorf("got to %s", got)
		}
		if got, want := refusedByPsql(t, both("beta")), `FATAL:  database "beta" does not exist`; !strings.HasPrefix(got, want) {
			t.Errorf("psql says %q, want %q", got, want)
		}
	})
}

// TestDrain shuts the proxy down while a session is open: it may finish what it
// is doing, newcomers are not let in, and whoever stays past the deadline is
// disconnected.
func TestDrain(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		leaving, staying := connect(t, p.url("alpha")), connect(t, p.url("beta"))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		drained := make(chan error)
		go func() { drained <- p.Shutdown(ctx) }()
		enginetest.Eventually(t, "newcomers are not let in", func() bool {
			_, err := askOnce(t.Context(), p.url("alpha"))
			return err != nil
		})
		if got := ask(t, leaving, whoami); got != "alpha/alpha" {
			t.Errorf("the open session is at %s", got)
		}
		_ = leaving.Close(t.Context())
		cancel()
		if err := <-drained; err == nil {
			t.Error("Shutdown ended a session and says nothing")
		}
		if _, err := staying.Exec(t.Context(), whoami); err == nil {
			t.Error("a session outlives the proxy")
		}
		if s := p.Stats(); s.Active != 0 || s.Closed[engine.Drained] == 0 {
			t.Errorf("%d sessions are active, %d were drained", s.Active, s.Closed[engine.Drained])
		}
	})
}
