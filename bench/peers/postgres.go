//go:build linux

package main

import (
	"context"
	"errors"
	"net/netip"

	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
)

// postgresConnections is the server's limit: those of a row, as many whose
// processes haven't ended yet, and those a pooler keeps.
const postgresConnections = "400"

// postgresServer is a throwaway PostgreSQL cluster.
type postgresServer struct {
	farm *pgcluster.Farm
	at   netip.AddrPort
}

var _ server = (*postgresServer)(nil)

func (s *postgresServer) addr() netip.AddrPort { return s.at }

// pids is none: a session's process is gone with it, and its CPU time.
func (s *postgresServer) pids() []int { return nil }

func (s *postgresServer) stop() { _ = s.farm.Close() }

func (b *bench) startPostgres(ctx context.Context) (server, error) {
	farm, err := pgcluster.NewFarm(ctx)
	if err != nil {
		return nil, err
	}
	at, err := fillPostgres(ctx, farm)
	if err != nil {
		return nil, errors.Join(err, farm.Close())
	}
	b.told.versions["postgres"] = versionOf([]string{farm.Program("postgres"), "--version"})
	b.told.commands["backend postgres"] = farm.Program("postgres") +
		" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=" + postgresConnections
	return &postgresServer{farm, at}, nil
}

// fillPostgres starts a server with the rows' databases.
func fillPostgres(ctx context.Context, farm *pgcluster.Farm) (netip.AddrPort, error) {
	cluster, err := farm.Start(ctx, pgcluster.Options{
		Name: "bench", Settings: map[string]string{"max_connections": postgresConnections},
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	var statements []string
	for _, name := range databases() {
		statements = append(statements, "create database "+name)
	}
	if err := cluster.Exec(ctx, "postgres", statements...); err != nil {
		return netip.AddrPort{}, err
	}
	return netip.ParseAddrPort(cluster.Endpoint())
}
