//go:build unix

// Package pgcluster runs throwaway PostgreSQL clusters for tests: real servers
// on the loopback interface with data of their own, gone when the test is.
//
//	NewFarm ──initdb, once──► template ──copied──► Cluster ── Stop, Start again ──► Farm.Close
//
// The server refuses to run as root, so root runs it as user postgres. Should
// the test's process die without closing its farm, the servers end as well
// (on Linux).
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
)

// Admin is the superuser of every cluster.
const Admin = "postgres"

// Farm makes clusters. Safe for concurrent use, so that a test can start
// several at once.
type Farm struct {
	programs string
	dir      string
	account  account

	mu       sync.Mutex
	clusters []*Cluster
}

// NewFarm finds PostgreSQL and makes the template that clusters are copied
// from. The caller closes the farm.
func NewFarm(ctx context.Context) (*Farm, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	f := &Farm{programs: programs, account: account}
	if err := f.makeTemplate(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Program returns the path of one of PostgreSQL's programs, such as psql or
// pgbench. They are all of the servers' version.
func (f *Farm) Program(name string) string { return filepath.Join(f.programs, name) }

// Close ends all servers at once, whatever their clients do, and deletes
// everything.
func (f *Farm) Close() error {
	f.mu.Lock()
	clusters := slices.Clone(f.clusters)
	f.mu.Unlock()
	errs := make([]error, len(clusters)+1)
	var stopping sync.WaitGroup
	for i, c := range clusters {
		stopping.Go(func() { errs[i] = c.Stop(context.Background(), Immediate) })
	}
	stopping.Wait()
	errs[len(clusters)] = os.RemoveAll(f.dir)
	return errors.Join(errs...)
}

// makeTemplate makes a cluster that is only copied, never started. With one
// copied, a cluster starts in a tenth of the time.
func (f *Farm) makeTemplate(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "pgcluster")
	if err != nil {
		return err
	}
	f.dir = dir
	// Other users may pass through, of whom one runs the servers.
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	if err := f.makeDir(f.dir, "template"); err != nil {
		return err
	}
	return f.run(ctx, f.Program("initdb"), "--pgdata", f.template(), "--username", Admin,
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
}

func (f *Farm) template() string { return filepath.Join(f.dir, "template", dataDir) }

// makeDir makes a folder that belongs to the servers' user.
func (f *Farm) makeDir(parent, name string) error {
	dir := filepath.Join(parent, name)
	if err := os.Mkdir(dir, 0o711); err != nil {
		return err
	}
	return f.account.own(dir)
}

// run runs a program as the servers' user.
func (f *Farm) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = f.dir
	cmd.SysProcAttr = f.account.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out)
	}
	return nil
}
