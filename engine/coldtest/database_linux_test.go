package coldtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// leaveNumber fails for a client that was served twice.
const leaveNumber = "insert into visits values ($1, pg_backend_pid())"

// adminURL is for pgx and psql.
func adminURL(address string) string {
	return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=disable", pgcluster.Admin, address)
}

// The sessions that a database takes, and those that its route allows.
const (
	databaseSessions = 60
	routeSessions    = 50
)

// database is a real PostgreSQL that sleeps until it is woken.
type database struct {
	*pgcluster.Cluster
	dir   string       // its data
	awake <-chan error // of Restart, once woken
	begun chan time.Time
}

// newDatabase makes one with a place for clients' numbers.
func newDatabase(t *testing.T, name string, settings map[string]string) *database {
	t.Helper()
	all := map[string]string{"max_connections": strconv.Itoa(databaseSessions)}
	for k, v := range settings {
		all[k] = v
	}
	c, err := farm.Start(t.Context(), pgcluster.Options{Name: name, Settings: all})
	enginetest.Must(t, err)
	d := &database{Cluster: c, begun: make(chan time.Time, 1)}
	t.Cleanup(func() { enginetest.Must(t, c.Stop(context.Background(), pgcluster.Immediate)) })
	enginetest.Must(t, c.Exec(t.Context(), "postgres", "create table visits (n int primary key, pid int)"))
	d.dir = d.ask(t, "show data_directory")
	enginetest.Must(t, c.Stop(t.Context(), pgcluster.Fast))
	return d
}

// ask returns a query's one text, past the proxy.
func (d *database) ask(t *testing.T, sql string) (text string) {
	t.Helper()
	conn, err := d.Connect(t.Context(), "postgres")
	enginetest.Must(t, err)
	defer func() { enginetest.Must(t, conn.Close(context.Background())) }()
	enginetest.Must(t, conn.QueryRow(t.Context(), sql).Scan(&text))
	return text
}

// wake starts it, and doesn't wait until it serves.
func (d *database) wake() error {
	d.awake = enginetest.Async(func() error {
		err := d.Restart(context.Background())
		d.begun <- time.Now()
		return err
	})
	return nil
}

// onceOpen is a wake that waits for the gate, so that everybody is there.
func onceOpen(gate <-chan struct{}, wake func() error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-gate:
			return wake()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// roomy has room for as many clients as the flag says, for as long as they take.
func roomy(cfg engine.Config) engine.Config {
	cfg.ColdStart.PerResource, cfg.ColdStart.Total = 2**clients, 2**clients
	cfg.ColdStart.Timeout = 4 * enginetest.Patience
	return cfg
}

// A database is woken once for more clients than it takes: they take turns, and
// each is served once.
func TestDatabaseWakes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		d := newDatabase(t, "burst_"+string(impl), nil)
		p := asleep(d.Endpoint())
		p.set(func(r *resolve.Result) { r.MaxSessions = routeSessions })
		everybody := make(chan struct{})
		p.wake = onceOpen(everybody, d.wake)
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) { *cfg = roomy(*cfg) })
		byPsql := insertByPsql(proxy.Address(), -1)
		crowd := sendCrowd(t, "postgres", proxy.Address())
		proxy.AwaitActive(int64(*clients) + 1)
		close(everybody)
		enginetest.Must(t, <-byPsql)
		ready := <-d.begun
		crowd.wantServed(func() time.Time { return ready })
		enginetest.Must(t, <-d.awake)
		p.wantWakes(t, 1)
		want := strconv.Itoa(*clients + 1)
		if got := d.ask(t, "select count(*)::text from visits"); got != want {
			t.Errorf("%s clients were served, want %s", got, want)
		}
	})
}

// insertByPsql has psql leave its number.
func insertByPsql(address string, n int) <-chan error {
	return enginetest.Async(func() error {
		sql := strings.Replace(leaveNumber, "$1", strconv.Itoa(n), 1)
		out, err := exec.Command(farm.Program("psql"), "-X", "-w", "-c", sql, adminURL(address)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("psql: %w: %s", err, out)
		}
		return nil
	})
}

// A database that takes connections and says that it doesn't take sessions yet
// isn't ready: nobody is let in, or hears of it. This one recovers as a standby
// that nobody may read from, for as long as the test likes.
func TestDatabaseThatRecovers(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		d := newDatabase(t, "recovers_"+string(impl), map[string]string{"hot_standby": "off"})
		d.file(t, "standby.signal")
		p := asleep(d.Endpoint())
		p.wake = func(context.Context) error { return d.wake() }
		proxy := startPostgres(t, impl, p, func(cfg *engine.Config) {
			cfg.ColdStart.Interval = 10 * time.Millisecond
			cfg.ColdStart.Timeout = enginetest.Patience
		})
		const n = 5
		done := make(chan error, n)
		for i := range n {
			go func() {
				_, err := visitPostgres(proxy.Address(), i)
				done <- err
			}()
		}
		proxy.AwaitActive(n)
		enginetest.Eventually(t, "it says that it recovers", func() bool { return refusedWith(t, d.Endpoint(), "57P03") })
		for range 3 { // the proxy has looked a few times meanwhile
			if !refusedWith(t, d.Endpoint(), "57P03") || len(done) > 0 {
				t.Fatal("it serves too early for this test, or somebody was let in")
			}
		}
		d.promote(t)
		for range n {
			enginetest.Must(t, <-done)
		}
		enginetest.Must(t, <-d.awake)
		p.wantWakes(t, 1)
	})
}

// refusedWith says whether a server refuses us with this SQLSTATE.
func refusedWith(t *testing.T, address, state string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), adminURL(address))
	if err == nil {
		enginetest.Must(t, conn.Close(t.Context()))
		return false
	}
	return strings.Contains(err.Error(), "SQLSTATE "+state)
}

// file makes an empty file among the database's own.
func (d *database) file(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(d.dir)
	enginetest.Must(t, err)
	path := filepath.Join(d.dir, name)
	enginetest.Must(t, os.WriteFile(path, nil, 0o600))
	owner := info.Sys().(*syscall.Stat_t)
	enginetest.Must(t, os.Chown(path, int(owner.Uid), int(owner.Gid)))
}

// promote ends the recovery, as pg_ctl promote does.
func (d *database) promote(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.dir, "postmaster.pid"))
	enginetest.Must(t, err)
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	enginetest.Must(t, err)
	d.file(t, "promote")
	enginetest.Must(t, syscall.Kill(pid, syscall.SIGUSR1))
}
