//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// module is where the binaries are built from.
const module = "github.com/proxy-engine/proxy-engine"

// bench is one run of this program.
type bench struct {
	options
	dir      string // for configurations and binaries; removed at the end
	started  time.Time
	load     string // the load average before the run
	limit    int    // descriptors a process may open
	rows     []row
	peers    []peer // those that can be started
	direct   bool
	backends map[string]*backend
	versions map[string]string
	missing  map[string]string // why a peer can't be started
	results  results
	commands map[string]string // by row or peer: one example
	configs  map[string]string // by peer: the last configuration file, if it has one
}

// backend is a running loadtest backend.
type backend struct {
	*process
	addr netip.AddrPort
}

func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{
		options: o, started: time.Now(), load: loadAverage(),
		backends: map[string]*backend{}, versions: map[string]string{},
		missing: map[string]string{}, commands: map[string]string{}, configs: map[string]string{},
	}
	err := b.prepare(ctx)
	if err != nil {
		b.close()
	}
	return b, err
}

func (b *bench) prepare(ctx context.Context) error {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	if err != nil {
		return err
	}
	b.limit = int(min(limit.Cur, math.MaxInt32))
	if b.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return err
	}
	for _, r := range rows() {
		if len(b.options.rows) == 0 || slices.Contains(b.options.rows, r.id) {
			b.rows = append(b.rows, r)
		}
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	if err := b.startBackends(ctx); err != nil {
		return err
	}
	return b.choosePeers(ctx)
}

// run measures everything, interleaved: each round goes through the rows, and
// each row through the peers.
func (b *bench) run(ctx context.Context) error {
	for round := range b.rounds {
		for _, r := range b.rows {
			if err := b.measureRow(ctx, round, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) measureRow(ctx context.Context, round int, r row) error {
	for _, p := range b.peers {
		if err := b.measurePeer(ctx, round, r, p); err != nil {
			return fmt.Errorf("%s, %s: %w", r.id, p.name, err)
		}
	}
	if b.direct && !r.proxied {
		behind := b.backends[r.backend]
		return b.measure(ctx, round, r.with(b.options), direct, behind.process, behind.addr)
	}
	return nil
}

func (b *bench) measurePeer(ctx context.Context, round int, r row, p peer) error {
	listen, err := freePort()
	if err != nil {
		return err
	}
	words, _, err := p.commands(b.options, b.dir, listen, b.backends[r.backend].addr)
	if err != nil {
		return err
	}
	b.commands[p.name] = b.shown(words)
	if p.config != "" {
		text, _ := os.ReadFile(filepath.Join(b.dir, p.config))
		b.configs[p.name] = b.hideDir(string(text))
	}
	server, err := start(words)
	if err != nil {
		return err
	}
	defer server.stop()
	if err := server.ready(ctx, listen); err != nil {
		return err
	}
	o := b.options
	o.sessions = p.holds(o.sessions, b.limit)
	return b.measure(ctx, round, r.with(o), p.name, server, listen)
}

func (b *bench) measure(ctx context.Context, round int, r bound, name string, server *process, at netip.AddrPort) error {
	words := append([]string{b.loadtest}, r.args...)
	words = append(words, "--target", at.String(), "--pid", fmt.Sprint(server.pid()), "--json")
	b.commands[r.id] = b.shown(words)
	result, err := generate(ctx, words)
	if err != nil {
		return err
	}
	if result.Interrupted {
		return context.Canceled
	}
	m := measurement{round: round + 1, row: r.row, peer: name, report: result}
	b.results = append(b.results, m)
	fmt.Fprintf(os.Stderr, "round %d/%d  %-10s %-14s %s\n", m.round, b.rounds, r.id, name, m)
	return nil
}

// shown is a command as the results name it.
func (b *bench) shown(words []string) string { return b.hideDir(strings.Join(words, " ")) }

// hideDir leaves this run's directory out of a text.
func (b *bench) hideDir(text string) string {
	return strings.ReplaceAll(text, b.dir+string(filepath.Separator), "")
}

// close stops what was started and removes the directory.
func (b *bench) close() {
	for _, behind := range b.backends {
		behind.stop()
	}
	_ = os.RemoveAll(b.dir)
}
