//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// module is where the binaries are built from.
const module = "github.com/proxy-engine/proxy-engine"

// bench is one run of this program.
type bench struct {
	options
	self     string // this program's binary
	dir      string // for configurations and binaries; removed at the end
	started  time.Time
	load     string // the load average before the run
	limit    int    // descriptors a process may open
	rows     []row
	peers    []peer
	cells    []cell            // of one round
	backends map[string]server // by name
	tools    map[string]string // binaries of the generators that aren't ours, by name
	told     told
	results  results
}

// told is what the results say about how they came about, by whom it is about.
type told struct {
	versions map[string]string
	missing  map[string]string // why something couldn't be measured
	commands map[string]string // the last one used
	configs  map[string]string // the last configuration file
}

func newTold() told {
	return told{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
}

// server is something that is running: a backend or a peer.
type server interface {
	addr() netip.AddrPort
	// pids are the processes to be measured; none if that can't be done.
	pids() []int
	stop()
}

// cell is what is measured of one row for one column.
type cell struct {
	row    row
	column string
	run    func(context.Context) (*report.Report, error)
}

func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{
		options: o, started: time.Now(), load: loadAverage(),
		backends: map[string]server{}, tools: map[string]string{}, told: newTold(),
	}
	err := b.prepare(ctx)
	if err != nil {
		b.close()
	}
	return b, err
}

// run measures everything, interleaved: each round goes through the rows, and
// each row through the columns. A measurement that can't be made is a failed
// one; only the end of ctx ends the run.
func (b *bench) run(ctx context.Context) error {
	left := newPace(b.options, b.cells)
	fmt.Fprintf(os.Stderr, "%d measurements, about %v\n", left.all, left.planned)
	for round := range b.rounds {
		for _, c := range b.cells {
			m := measurement{round: round + 1, row: c.row, column: c.column}
			m.report, m.problem = c.run(ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.results = append(b.results, m)
			left.done(c)
			fmt.Fprintf(os.Stderr, "%s  %-10s %-10s %s\n", left, c.row.id, c.column, m)
		}
	}
	return nil
}

// throughPeer starts the peer anew in front of the row's backend and measures
// the row.
func (b *bench) throughPeer(ctx context.Context, r row, p peer) (*report.Report, error) {
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	about := p.about(r.workload)
	chosen := p.serves[r.workload](b.site(listen, b.backends[r.backend].addr()))
	b.told.commands[about] = b.shown(chosen.start)
	if chosen.config.name != "" {
		b.told.configs[about] = b.hideDir(chosen.config.text)
	}
	running, err := b.launch(ctx, chosen, listen)
	if err != nil {
		return nil, err
	}
	defer running.stop()
	o := b.options
	o.sessions = p.holds(o.sessions, b.limit)
	return b.generate(ctx, r, o, running)
}

// generate measures a row with our generator against something that runs.
func (b *bench) generate(ctx context.Context, r row, o options, at server) (*report.Report, error) {
	words := loadtestWords(b.loadtest, r, o, at)
	b.told.commands["load "+r.id] = b.shown(words)
	return runLoadtest(ctx, words)
}

// compete measures a row with the generator that isn't ours.
func (b *bench) compete(ctx context.Context, r row) (*report.Report, error) {
	words := r.rival.command(b.options, b.tools[r.rival.name], b.backends[r.backend].addr())
	b.told.commands["load "+r.id+", "+r.rival.name] = b.shown(words)
	return r.rival.run(ctx, words)
}

// shown is a command as the results name it.
func (b *bench) shown(words []string) string { return b.hideDir(strings.Join(words, " ")) }

// hideDir leaves this run's folder out of a text.
func (b *bench) hideDir(text string) string {
	return strings.ReplaceAll(text, b.dir+string(filepath.Separator), "")
}

// close stops what was started and removes the folder.
func (b *bench) close() {
	for _, behind := range b.backends {
		behind.stop()
	}
	_ = os.RemoveAll(b.dir)
}
