package pgtest

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// sleeper is a session that runs `select pg_sleep(60)` until it is cancelled.
type sleeper struct {
	name    string // its application_name
	conn    *pgx.Conn
	abandon context.CancelFunc
	ended   chan struct{}
	err     error // of the query, once ended is closed
	once    sync.Once
}

// sleep is long enough to prove that whoever ended it was not the clock.
const sleep = "select pg_sleep(60)"

// startSleeper opens a session and starts its query. When the context of the
// query is cancelled, pgx sends a CancelRequest and keeps the session.
func startSleeper(t *testing.T, url, name string) *sleeper {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["application_name"] = name
	cfg.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: enginetest.Patience}
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return sleepOn(t, conn, name)
}

// sleepOn starts the query on a session.
func sleepOn(t *testing.T, conn *pgx.Conn, name string) *sleeper {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sleeper{name: name, conn: conn, abandon: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		_, s.err = conn.Exec(ctx, sleep)
	}()
	t.Cleanup(func() { s.close(t) })
	return s
}

// cancel cancels the context of the query.
func (s *sleeper) cancel(t *testing.T) {
	t.Helper()
	s.abandon()
}

// wantCancelled waits for the end of the query, which must be the server's
// doing, and that the session lives on.
func (s *sleeper) wantCancelled(t *testing.T) {
	t.Helper()
	<-s.ended
	if e := serverError(t, s.err); e.Code != "57014" {
		t.Errorf("%s: the query ended with %s %s, want 57014", s.name, e.Code, e.Message)
	}
	if got := ask(t, s.conn, "show application_name"); got != s.name {
		t.Errorf("%s: the session goes on as %q", s.name, got)
	}
}

// close ends the session, however it stands.
func (s *sleeper) close(t *testing.T) {
	s.once.Do(func() {
		s.abandon()
		<-s.ended
		_ = s.conn.Close(context.Background())
	})
}

// awaitRunning waits until the server runs the query.
func (s *sleeper) awaitRunning(t *testing.T, cluster string) {
	t.Helper()
	awaitSleeping(t, admin(t, cluster, "postgres"), s.name, 1)
}

// awaitSleeping waits until a server runs so many sleeps of sessions with
// names like the pattern.
func awaitSleeping(t *testing.T, server *pgx.Conn, pattern string, n int) {
	t.Helper()
	enginetest.Eventually(t, "the expected number of queries runs", func() bool { return sleeping(t, server, pattern) == n })
}

// sleeping counts the sleeps that a server runs.
func sleeping(t *testing.T, server *pgx.Conn, pattern string) int {
	t.Helper()
	var n int
	const count = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%' and application_name like $1"
	if err := server.QueryRow(t.Context(), count, pattern).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
