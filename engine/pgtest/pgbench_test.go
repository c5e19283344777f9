package pgtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// benchRuns are what pgbench does besides the mix: its built-in scripts, by
// each of the protocol's ways to send a statement, and with a session for each
// transaction.
var benchRuns = []struct {
	name string
	args []string
	// writes says that every transaction leaves a row of history.
	writes bool
}{
	{"tpcb-like", []string{"-b", "tpcb-like", "-M", "prepared"}, true},
	{"simple-update", []string{"-b", "simple-update", "-M", "extended"}, true},
	{"select-only", []string{"-b", "select-only", "-M", "simple"}, false},
	{"connecting", []string{"-b", "select-only", "-C"}, false},
}

const (
	benchClients      = 8
	benchTransactions = 50 // per client
)

// mixArguments mix the built-in scripts with one of ours.
var mixArguments = []string{"-b", "tpcb-like@2", "-b", "simple-update@2", "-b", "select-only@3", "-f", "testdata/mixed.sql@5", "-M", "simple"}

// TestPgbench runs pgbench's own scripts.
func TestPgbench(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		initialize(t, p.url("alpha"))
		for _, b := range benchRuns {
			t.Run(b.name, func(t *testing.T) {
				before := historyRows(t)
				done := transactions(t, startPgbench(t, p.url("alpha"), 0, b.args...))
				if done != benchClients*benchTransactions {
					t.Errorf("%d transactions, want %d", done, benchClients*benchTransactions)
				}
				if got := historyRows(t) - before; b.writes && got != done {
					t.Errorf("%d rows of history, want %d", got, done)
				}
			})
		}
		checkBalances(t, "alpha")
	})
}

// TestPgbenchMix runs the mix on all clusters at the same time: first without a
// proxy, for comparison.
func TestPgbenchMix(t *testing.T) {
	t.Run("direct", func(t *testing.T) { mix(t, directURL) })
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) { mix(t, startProxy(t, impl, routesByName()).url) })
}

func mix(t *testing.T, url func(database string) string) {
	for _, name := range names {
		initialize(t, url(name))
	}
	var benches []*running
	for _, name := range names {
		benches = append(benches, startPgbench(t, url(name), *soak, mixArguments...))
	}
	for _, bench := range benches {
		transactions(t, bench)
	}
	for _, name := range names {
		checkBalances(t, name)
	}
}

// initialize makes pgbench's tables, with the least number of rows.
func initialize(t *testing.T, url string) {
	t.Helper()
	run(t, servers.farm.Program("pgbench"), "-i", "-q", url).succeeds(t)
}

// The lines of pgbench's report that tell whether all is well.
var (
	processed = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	failed    = regexp.MustCompile(`number of failed transactions: (\d+)`)
	speed     = regexp.MustCompile(`tps = [0-9.]+`)
)

// startPgbench starts pgbench for the time, or for a few transactions if there
// is none.
func startPgbench(t *testing.T, url string, d time.Duration, args ...string) *running {
	t.Helper()
	length := fmt.Sprintf("--transactions=%d", benchTransactions)
	if d > 0 {
		length = fmt.Sprintf("--time=%.0f", d.Seconds())
	}
	args = append([]string{"-n", "-c", strconv.Itoa(benchClients), "-j", "2", length}, args...)
	return launch(t, d+2*enginetest.Patience, servers.farm.Program("pgbench"), append(args, url)...)
}

// transactions waits for pgbench's end and returns the number of transactions.
// None may have failed, nor may an error have ended one of its sessions.
func transactions(t *testing.T, bench *running) int {
	t.Helper()
	got := bench.wait(t)
	report := got.succeeds(t)
	if n := figure(t, failed, report); n != 0 || strings.Contains(got.stderr, "error:") {
		t.Errorf("%d transactions failed: %s", n, got.stderr)
	}
	t.Log(speed.FindString(report))
	return figure(t, processed, report)
}

// figure is the number in a line of the report.
func figure(t *testing.T, line *regexp.Regexp, report string) int {
	t.Helper()
	m := line.FindStringSubmatch(report)
	if m == nil {
		t.Errorf("pgbench's report has no line %q: %s", line, report)
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Error(err)
	}
	return n
}

func historyRows(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(ask(t, admin(t, "alpha", "alpha"), "select count(*)::text from pgbench_history"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// checkBalances checks what every transaction keeps true: no update was lost
// and none done twice.
func checkBalances(t *testing.T, name string) {
	t.Helper()
	const difference = "select (select sum(abalance) from pgbench_accounts) - (select coalesce(sum(delta), 0) from pgbench_history) || ''"
	if got := ask(t, admin(t, name, name), difference); got != "0" {
		t.Errorf("%s: the accounts and the history differ by %s", name, got)
	}
}
