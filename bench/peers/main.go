//go:build linux

// Command peers measures proxy-engine side by side with other proxies: same
// backend, same generator, same number of threads, runs interleaved (A B C A B
// C), each measurement on a freshly started process. It writes every value as
// CSV and the medians as a Markdown table of ratios to HAProxy.
//
//	go run ./bench/peers            # all rows, 3 rounds, less than 15 minutes
//	go run ./bench/peers --quick    # 1 short round, less than 2 minutes
//	go run ./bench/peers --only rr1k-50,http --peers haproxy,reactor
//	go run ./bench/peers --only tls          # clients that speak TLS; not among all rows
//	go run ./bench/peers --only generators   # loadtest beside wrk and a generator in C
//
// What isn't installed is left out, with the reason; scripts/deps.sh bench
// installs everything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	rows        []string // ids and workloads; all if empty
	peers       []string
	rounds      int
	duration    time.Duration
	threads     int
	sessions    int
	out         string
	name        string // of the files written
	proxyEngine string
	loadtest    string
	certificate string // made at start, for the TLS rows
}

// warmUp is the time before the measured part.
func (o options) warmUp() time.Duration { return o.duration / 8 }

// partName is the name of the files of a part, which must not replace the
// results of a whole run.
const partName = "peers-part"

// tlsName is that of a whole run of the TLS rows, which must be asked for.
const tlsName = "peers-tls"

// quickDuration makes a round of everything last less than two minutes.
const quickDuration = 600 * time.Millisecond

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == cryptoTLS {
		return runCryptoTLS(ctx, args[1:])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	stopped := b.run(ctx)
	if stopped != nil {
		b.name = partName
	}
	return errors.Join(stopped, b.write())
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	only := f.String("only", "", "rows to measure, separated by commas: "+strings.Join(append(workloadNames(), rowIDs()...), ", "))
	peers := f.String("peers", "haproxy,nginx,reactor,goroutine,crypto-tls,pgbouncer,direct", "peers to measure: "+strings.Join(peerNames(), ", "))
	quick := f.Bool("quick", false, fmt.Sprintf("one round of %v each", quickDuration))
	f.IntVar(&o.rounds, "rounds", 3, "rounds")
	f.DurationVar(&o.duration, "duration", 2500*time.Millisecond, "measured time of each run")
	f.IntVar(&o.threads, "threads", 2, "threads, workers or event loops of each peer")
	f.IntVar(&o.sessions, "sessions", 8000, "sessions of the idle rows")
	f.StringVar(&o.out, "out", "bench/results", "`DIR` to write to")
	f.StringVar(&o.proxyEngine, "proxy-engine", "", "`BINARY` to measure; built from this module if not given")
	f.StringVar(&o.loadtest, "loadtest", "", "`BINARY` of the generator; built from this module if not given")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.rows, o.peers, o.name = words(*only), words(*peers), "peers"
	if *quick {
		o.rounds, o.duration, o.name = 1, quickDuration, "peers-quick"
	}
	switch {
	case slices.Equal(o.rows, []string{workTLS.String()}) && !*quick:
		o.name = tlsName
	case len(o.rows) > 0:
		o.name = partName
	}
	return o, o.check()
}

func (o options) check() error {
	var problems []error
	for _, name := range o.peers {
		if !slices.Contains(peerNames(), name) {
			problems = append(problems, fmt.Errorf("no peer %q", name))
		}
	}
	for _, id := range o.rows {
		if !slices.Contains(rowIDs(), id) && !slices.Contains(workloadNames(), id) {
			problems = append(problems, fmt.Errorf("no row %q", id))
		}
	}
	if o.rounds < 1 || o.threads < 1 || o.sessions < 1 || o.duration <= 0 {
		problems = append(problems, errors.New("rounds, threads, sessions and duration must be positive"))
	}
	return errors.Join(problems...)
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
