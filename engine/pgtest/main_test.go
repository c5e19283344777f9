// Package pgtest tests PostgreSQL through the engine for real: three servers
// behind one listener, and the clients people use in front of it. Each test
// runs for both implementations. What must be installed, scripts/deps.sh
// installs.
//
// By hand, in other sizes (scripts/pg-soak.sh does the last one):
//
//	go test ./engine/pgtest -run Copy -v -args -copy 1073741824
//	go test ./engine/pgtest -run Notify -v -args -probes 120
//	go test ./engine/pgtest -run Silent -v -args -silent 9000
//	go test ./engine/pgtest -run PgbenchMix -v -timeout 0 -args -soak 10m
package pgtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
)

// The sizes that may be had in larger by hand.
var (
	copySize = flag.Int64("copy", 64<<20, "bytes that COPY takes in and out")
	probes   = flag.Int("probes", 3, "keepalive probes that an idle session sits out")
	silent   = flag.Int("silent", 1000, "connections that never speak")
	soak     = flag.Duration("soak", 0, "how long pgbench runs per script; 0: a few transactions")
)

// The role that clients log in as. Only gamma asks for the password.
const (
	role     = "app"
	password = "correct horse"
)

// names are the clusters'. Every cluster has a database of every name, so that
// a session that ends up at the wrong server works, and shows it.
var names = []string{"alpha", "beta", "gamma"}

// databases are what every cluster has besides.
var databases = []string{role, "shop_v2", "db-beta.reports"}

// servers is what the tests share: the farm and a cluster of each of names.
// Set by TestMain, only read by tests.
var servers struct {
	farm  *pgcluster.Farm
	named map[string]*pgcluster.Cluster
}

func TestMain(m *testing.M) {
	flag.Parse()
	forgetEnvironment()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = 1
	}
	os.Exit(code)
}

// forgetEnvironment keeps the user's settings from the clients, which all
// know PGUSER and its kin.
func forgetEnvironment() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("LC_ALL", "C")
}

// runTests runs the tests while the servers run.
func runTests(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*enginetest.Patience)
	defer cancel()
	if err := checkInstalled(); err != nil {
		return 1, err
	}
	farm, err := pgcluster.NewFarm(ctx)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, farm.Close()) }()
	servers.farm = farm
	servers.named, err = startServers(ctx, farm)
	if err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func startServers(ctx context.Context, farm *pgcluster.Farm) (map[string]*pgcluster.Cluster, error) {
	started := make([]*pgcluster.Cluster, len(names))
	errs := make([]error, len(names))
	var starting sync.WaitGroup
	for i, name := range names {
		starting.Go(func() { started[i], errs[i] = startServer(ctx, farm, name) })
	}
	starting.Wait()
	named := make(map[string]*pgcluster.Cluster)
	for _, c := range started {
		if c != nil {
			named[c.Name] = c
		}
	}
	return named, errors.Join(errs...)
}

// startServer starts a cluster with the role and the databases.
func startServer(ctx context.Context, farm *pgcluster.Farm, name string) (*pgcluster.Cluster, error) {
	o := pgcluster.Options{Name: name, Settings: map[string]string{"max_connections": "120"}}
	if name == "gamma" {
		o.Auth = pgcluster.SCRAM
	}
	c, err := farm.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	setup := []string{fmt.Sprintf("create role %s login createdb password '%s'", role, password)}
	for _, database := range append(databases, names...) {
		setup = append(setup, fmt.Sprintf("create database %q owner %s strategy file_copy", database, role))
	}
	setup = append(setup, `create database "closed" allow_connections false`, `create database "full" connection limit 0`)
	return c, c.Exec(ctx, "postgres", setup...)
}
