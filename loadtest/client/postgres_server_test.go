//go:build unix

package client

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// startCluster starts a PostgreSQL server with the settings' role and databases
// alpha and beta, for the length of the test. It wants the password.
func startCluster(t *testing.T) (*pgcluster.Cluster, netip.AddrPort) {
	t.Helper()
	ctx := limited(t)
	farm, err := pgcluster.NewFarm(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := farm.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := farm.Start(ctx, pgcluster.Options{Name: "server", Auth: pgcluster.SCRAM})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Exec(ctx, "postgres", "create role app login password 'secret'", "create database alpha", "create database beta")
	if err != nil {
		t.Fatal(err)
	}
	return c, netip.MustParseAddrPort(c.Endpoint())
}

// startEngine starts a proxy that knows databases alpha, beta and gone, for the
// length of the test.
func startEngine(t *testing.T, impl engine.Impl, server netip.AddrPort) netip.AddrPort {
	t.Helper()
	config := engine.DefaultConfig()
	config.Impl = impl
	config.Resolver = routes{"alpha": server, "beta": server, "gone": server}
	config.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	config.Listeners = []engine.Listener{{Name: "postgres", Address: "127.0.0.1:0", Front: postgres.Front(postgres.Options{})}}
	e, err := engine.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return netip.MustParseAddrPort(e.Addr("postgres").String())
}

// routes is a Resolver: where each database is.
type routes map[string]netip.AddrPort

func (r routes) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	endpoint, ok := r[req.Resource]
	if !ok {
		return resolve.Result{}, &resolve.Error{Kind: resolve.NotFound}
	}
	return resolve.Result{Endpoint: endpoint.String()}, nil
}

// TestPostgresServer runs against a real server: straight, and through the
// engine, which answers in the server's place when it doesn't know a database.
func TestPostgresServer(t *testing.T) {
	cluster, server := startCluster(t)
	paths := map[string]netip.AddrPort{"straight": server, "goroutine": startEngine(t, engine.Goroutine, server)}
	if runtime.GOOS == "linux" {
		paths["reactor"] = startEngine(t, engine.Reactor, server)
	}
	for name, target := range paths {
		t.Run(name, func(t *testing.T) {
			t.Run("exchanges", func(t *testing.T) { exchangeAtOnce(t, target) })
			t.Run("refusals", func(t *testing.T) { beRefused(t, target) })
		})
	}
	for name, target := range paths {
		t.Run(name+" stopped", func(t *testing.T) { loseServer(t, cluster, target) })
	}
}

// exchangeAtOnce uses connections to both databases at the same time.
func exchangeAtOnce(t *testing.T, target netip.AddrPort) {
	d := newDialer(t, settings(target, "alpha", "beta"))
	var using sync.WaitGroup
	for n := range uint64(6) {
		using.Go(func() {
			conn, err := d.Dial(limited(t), netip.Addr{}, n)
			if err != nil {
				t.Error(err)
				return
			}
			defer closeConn(t, conn)
			for range 20 {
				if err := conn.Exchange(limited(t)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	using.Wait()
}

func beRefused(t *testing.T, target netip.AddrPort) {
	unknown := settings(target, "nobody's")
	badPassword := settings(target, "alpha")
	badPassword.Password = "guessed"
	for name, c := range map[string]struct {
		settings PostgresSettings
		answer   string
	}{
		"an unknown database":            {unknown, "SQLSTATE 3D000"},
		"a known one the server has not": {settings(target, "gone"), "SQLSTATE 3D000"},
		"a wrong password":               {badPassword, "SQLSTATE 28P01"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newDialer(t, c.settings).Dial(limited(t), netip.Addr{}, 0)
			expect(t, err, measure.Rejected, c.answer)
		})
	}
}

// loseServer stops the server beneath a connection and starts it again.
func loseServer(t *testing.T, cluster *pgcluster.Cluster, target netip.AddrPort) {
	for _, c := range []struct {
		mode pgcluster.Mode
		// kinds are the failures that may be seen. Straight it is the first:
		// the server's words and its end are there before it is gone. A proxy
		// may be asked before it has passed them on.
		kinds []measure.Failure
	}{
		{pgcluster.Fast, []measure.Failure{measure.Rejected, measure.Reset, measure.Ended}},
		{pgcluster.Immediate, []measure.Failure{measure.Ended, measure.Reset}},
	} {
		t.Run(c.mode.String(), func(t *testing.T) {
			conn := dial(t, newDialer(t, settings(target, "alpha")), 0)
			exchange(t, conn)
			if err := cluster.Stop(limited(t), c.mode); err != nil {
				t.Fatal(err)
			}
			kinds := c.kinds
			if target.String() == cluster.Endpoint() {
				kinds = kinds[:1]
			}
			err := conn.Exchange(limited(t))
			if kind, answer := Classify(err); !slices.Contains(kinds, kind) {
				t.Errorf("%v is %v %q, want one of %v", err, kind, answer, kinds)
			}
			closeConn(t, conn)
			if err := cluster.Restart(limited(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}
