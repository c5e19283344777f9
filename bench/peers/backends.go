//go:build linux

package main

import (
	"context"
	"fmt"
)

// The backends: those of loadtest, and a PostgreSQL cluster.
const (
	backendEcho     = "echo"
	backendFlood    = "flood"
	backendSink     = "sink"
	backendHTTP     = "http"
	backendPostgres = "postgres"
)

// startBackends starts those that the rows want. Without PostgreSQL its rows
// are left out.
func (b *bench) startBackends(ctx context.Context) error {
	for _, r := range b.rows {
		if b.backends[r.backend] != nil || b.told.missing[r.backend] != "" {
			continue
		}
		s, err := b.startBackend(ctx, r.backend)
		switch {
		case err == nil:
			b.backends[r.backend] = s
		case r.backend == backendPostgres && ctx.Err() == nil:
			b.leaveOut(r.backend, err.Error())
		default:
			return fmt.Errorf("backend %s: %w", r.backend, err)
		}
	}
	return nil
}

func (b *bench) startBackend(ctx context.Context, name string) (server, error) {
	if name == backendPostgres {
		return b.startPostgres(ctx)
	}
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	words := []string{b.loadtest, "backend", name, "--listen", listen.String(), "--loops", fmt.Sprint(b.threads)}
	if name == backendHTTP {
		words = append(words, "--payload", httpBody)
	}
	b.told.commands["backend "+name] = b.shown(words)
	return b.launch(ctx, plan{start: words}, listen)
}
