//go:build linux

package loadtest

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// startPostgres returns a real server with the databases alpha and beta.
func startPostgres(t *testing.T) *pgcluster.Cluster {
	t.Helper()
	farm, err := pgcluster.NewFarm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := farm.Close(); err != nil {
			t.Error(err)
		}
	})
	cluster, err := farm.Start(t.Context(), pgcluster.Options{Name: "load"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Exec(t.Context(), "postgres", "create database alpha", "create database beta"); err != nil {
		t.Fatal(err)
	}
	return cluster
}

func postgresTo(cluster *pgcluster.Cluster, conns int) Postgres {
	c := commonTo(netip.MustParseAddrPort(cluster.Endpoint()))
	return Postgres{Exchanges: exchangesTo(c, conns), User: "postgres", Databases: []string{"alpha", "beta"}}
}

func TestPostgres(t *testing.T) {
	cluster := startPostgres(t)
	t.Run("standing connections", func(t *testing.T) {
		r, err := postgresTo(cluster, 4).Run(t.Context())
		clean(t, r, err)
		equal(t, "established", r.Sessions.Established, 4)
		equal(t, "alive", r.Sessions.Alive, 4)
		equal(t, "latencies", r.Latency.Count(), r.Operations)
	})
	t.Run("rare arrivals", func(t *testing.T) {
		load := postgresTo(cluster, 2)
		load.Arrivals = 5
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "measured time", uint64(r.Elapsed), uint64(load.Duration))
	})
	t.Run("new connections", func(t *testing.T) {
		load := postgresTo(cluster, 2)
		load.NewConnections = true
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "alive", r.Sessions.Alive, r.Sessions.Wanted)
		if r.Sessions.Wanted < r.Operations {
			t.Errorf("%d operations over %d connections", r.Operations, r.Sessions.Wanted)
		}
	})
	t.Run("open loop in processes", func(t *testing.T) {
		load := postgresTo(cluster, 4)
		load.Common, load.Arrivals = sharded(load.Common), 500
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "latencies", r.Latency.Count(), 50)
	})
	t.Run("no such database", func(t *testing.T) {
		load := postgresTo(cluster, 2)
		load.Databases = []string{"gamma"}
		r, err := load.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Failures[measure.Rejected]; n == 0 || n != r.Failures.Total() || r.Answers["SQLSTATE 3D000"] != n {
			t.Errorf("failures %v, answers %v", r.Failures, r.Answers)
		}
	})
	t.Run("the server dies", func(t *testing.T) {
		load := postgresTo(cluster, 4)
		load.WarmUp, load.Duration = 0, time.Hour
		progressed := make(chan struct{})
		load.Progress = onceAfter(100, progressed)
		var stopping sync.WaitGroup
		stopping.Go(func() {
			<-progressed
			if err := cluster.Stop(context.Background(), pgcluster.Immediate); err != nil {
				t.Error(err)
			}
		})
		r, err := load.Run(t.Context())
		stopping.Wait()
		if err != nil || !r.Failed() || r.Failures.Total() < 4 || r.Sessions.Alive != 0 {
			t.Errorf("%v, failures %v, sessions %+v", err, r.Failures, r.Sessions)
		}
	})
}
