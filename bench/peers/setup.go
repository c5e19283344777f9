//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// build makes the binaries that weren't given.
func (b *bench) build(ctx context.Context) error {
	engine := slices.Contains(b.options.peers, "reactor") || slices.Contains(b.options.peers, "goroutine")
	return errors.Join(
		b.buildOne(ctx, &b.loadtest, "loadtest", true),
		b.buildOne(ctx, &b.proxyEngine, "proxy-engine", engine))
}

func (b *bench) buildOne(ctx context.Context, path *string, name string, wanted bool) error {
	if *path != "" || !wanted {
		return nil
	}
	*path = filepath.Join(b.dir, name)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", *path, module+"/cmd/"+name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return nil
}

func (b *bench) startBackends(ctx context.Context) error {
	for _, r := range b.rows {
		if b.backends[r.backend] != nil {
			continue
		}
		if err := b.startBackend(ctx, r.backend); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) startBackend(ctx context.Context, kind string) error {
	addr, err := freePort()
	if err != nil {
		return err
	}
	words := []string{b.loadtest, "backend", kind, "--listen", addr.String(), "--loops", fmt.Sprint(b.threads)}
	p, err := start(words)
	if err != nil {
		return err
	}
	b.backends[kind] = &backend{p, addr}
	b.commands["backend "+kind] = b.shown(words)
	return p.ready(ctx, addr)
}

// choosePeers leaves out, with the reason, what isn't installed.
func (b *bench) choosePeers(ctx context.Context) error {
	for _, name := range b.options.peers {
		if name == direct {
			b.direct = true
			continue
		}
		all := peers(b.options)
		p := all[slices.IndexFunc(all, func(p peer) bool { return p.name == name })]
		if reason := b.unavailable(ctx, p); reason != "" {
			b.missing[name] = reason
			fmt.Fprintf(os.Stderr, "%s is left out: %s\n", name, reason)
			continue
		}
		b.versions[name] = p.versionOf()
		b.peers = append(b.peers, p)
	}
	if len(b.peers) == 0 && !b.direct {
		return errors.New("no peer can be started")
	}
	return nil
}

func (b *bench) unavailable(ctx context.Context, p peer) (reason string) {
	some := netip.MustParseAddrPort("127.0.0.1:1")
	words, check, err := p.commands(b.options, b.dir, some, some)
	if err != nil {
		return err.Error()
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return err.Error()
	}
	if check == nil {
		return ""
	}
	if out, err := exec.CommandContext(ctx, check[0], check[1:]...).CombinedOutput(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return b.hideDir(fmt.Sprintf("%v: %s", err, line))
	}
	return ""
}
