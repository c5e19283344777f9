//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// prepare makes everything ready for run.
func (b *bench) prepare(ctx context.Context) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	// The peers raise theirs as far as they may.
	b.limit = int(min(limit.Max, math.MaxInt32))
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return err
	}
	if err := b.certify(); err != nil {
		return err
	}
	b.rows = slices.DeleteFunc(rows(), func(r row) bool { return !r.chosen(b.options) })
	if err := b.build(ctx); err != nil {
		return err
	}
	if err := b.startBackends(ctx); err != nil {
		return err
	}
	for _, r := range b.rows {
		b.addRow(ctx, r)
	}
	if len(b.cells) == 0 {
		return errors.New("nothing can be measured")
	}
	return nil
}

// certify makes the certificate of the TLS rows.
func (b *bench) certify() error {
	b.certificate = filepath.Join(b.dir, tlsFile)
	return throwaway.Certificate{Names: []string{tlsHost}}.Write(b.certificate)
}

// build makes the binaries that weren't given.
func (b *bench) build(ctx context.Context) error {
	engine := slices.Contains(b.options.peers, "reactor") || slices.Contains(b.options.peers, "goroutine")
	err := errors.Join(
		b.buildOne(ctx, &b.loadtest, "loadtest", true),
		b.buildOne(ctx, &b.proxyEngine, "proxy-engine", engine))
	b.told.versions["source"] = commit()
	for _, p := range peers(b.proxyEngine) {
		if slices.Contains(b.options.peers, p.name) {
			b.peers = append(b.peers, p)
		}
	}
	return err
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

// addRow adds the row's cells: everyone who can take part.
func (b *bench) addRow(ctx context.Context, r row) {
	behind := b.backends[r.backend]
	switch {
	case behind == nil: // left out, with its reason
	case r.rival != nil:
		b.addGenerators(ctx, r, behind)
	default:
		b.addPeers(ctx, r)
		if slices.Contains(b.options.peers, direct) && r.direct() {
			b.add(r, direct, func(ctx context.Context) (*report.Report, error) {
				return b.generate(ctx, r, b.options, behind)
			})
		}
	}
}

func (b *bench) add(r row, column string, run func(context.Context) (*report.Report, error)) {
	b.cells = append(b.cells, cell{row: r, column: column, run: run})
}

func (b *bench) addPeers(ctx context.Context, r row) {
	for _, p := range b.peers {
		if p.serves[r.workload] != nil && b.available(ctx, p, r) {
			b.add(r, p.name, func(ctx context.Context) (*report.Report, error) { return b.throughPeer(ctx, r, p) })
		}
	}
}

// addGenerators adds ours and the row's other one; neither without the other.
func (b *bench) addGenerators(ctx context.Context, r row, behind server) {
	t := r.rival.tool
	binary, err := t.install(ctx, b.dir)
	if err != nil {
		b.leaveOut(t.name, err.Error())
		return
	}
	b.tools[t.name] = binary
	b.told.versions[t.name] = versionOf(t.version(binary))
	b.add(r, ours, func(ctx context.Context) (*report.Report, error) { return b.generate(ctx, r, b.options, behind) })
	b.add(r, t.name, func(ctx context.Context) (*report.Report, error) { return b.compete(ctx, r) })
}

// available says whether a peer can be started for a row's workload; what
// can't is left out, with the reason.
func (b *bench) available(ctx context.Context, p peer, r row) bool {
	about := p.about(r.workload)
	if b.told.missing[about] != "" {
		return false
	}
	if reason := b.unavailable(ctx, p, r); reason != "" {
		b.leaveOut(about, reason)
		return false
	}
	if b.told.versions[p.name] == "" {
		b.told.versions[p.name] = versionOf(p.version)
	}
	return true
}

func (b *bench) leaveOut(about, reason string) {
	b.told.missing[about] = reason
	fmt.Fprintf(os.Stderr, "%s is left out: %s\n", about, reason)
}

func (b *bench) unavailable(ctx context.Context, p peer, r row) (reason string) {
	listen, err := freePort()
	if err != nil {
		return err.Error()
	}
	chosen := p.serves[r.workload](b.site(listen, b.backends[r.backend].addr()))
	if _, err := exec.LookPath(chosen.start[0]); err != nil {
		return err.Error()
	}
	if err := chosen.config.write(b.dir); err != nil {
		return err.Error()
	}
	if chosen.check == nil {
		return ""
	}
	if out, err := exec.CommandContext(ctx, chosen.check[0], chosen.check[1:]...).CombinedOutput(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return b.hideDir(fmt.Sprintf("%v: %s", err, line))
	}
	return ""
}
