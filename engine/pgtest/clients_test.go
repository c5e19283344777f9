package pgtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// clients are the programs that people use; each tells which cluster and
// database it got to. The scripts also try what their drivers can do, and fail
// if something is amiss.
var clients = []struct {
	name   string
	whoami func(t *testing.T, url string) string
}{
	{"psql", func(t *testing.T, url string) string { return psql(t, url, "-c", whoami).succeeds(t) }},
	{"pgx", exercisePgx},
	{"psycopg2", func(t *testing.T, url string) string { return psycopg(t, "exercise.py", url).succeeds(t) }},
	{"node-postgres", func(t *testing.T, url string) string { return node(t, "exercise.js", url).succeeds(t) }},
}

// TestClients has all clients at work at the same time, with all clusters
// behind one listener.
func TestClients(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		t.Run("all", func(t *testing.T) {
			for _, client := range clients {
				for _, name := range names {
					t.Run(client.name+" "+name, func(t *testing.T) {
						t.Parallel()
						if got, want := client.whoami(t, p.url(name)), name+"/"+name; got != want {
							t.Errorf("got to %s, want %s", got, want)
						}
					})
				}
			}
		})
	})
}

func TestSSLModes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		for _, mode := range []string{"disable", "allow", "prefer"} {
			if got := psql(t, p.url("alpha")+"?sslmode="+mode, "-c", whoami).succeeds(t); got != "alpha/alpha" {
				t.Errorf("sslmode=%s: got to %s", mode, got)
			}
		}
		const want = "server does not support SSL, but SSL was required"
		if got := psql(t, p.url("alpha")+"?sslmode=require", "-c", whoami); got.code != 2 || !strings.Contains(got.stderr, want) {
			t.Errorf("sslmode=require: exit code %d, %q, want 2 and %q", got.code, got.stderr, want)
		}
	})
}

// exercisePgx tries what pgx can do.
func exercisePgx(t *testing.T, url string) string {
	conn := connect(t, url)
	pgxTransaction(t, conn)
	pgxPipeline(t, conn)
	pgxLargeValue(t, conn)
	pgxError(t, conn)
	return pgxTogether(t, url)
}

func pgxTransaction(t *testing.T, conn *pgx.Conn) {
	execute(t, conn, "create temp table t (n int)")
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "insert into t select generate_series(1, $1)", 1000)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, conn, "select count(*)::text from t"); got != "0" {
		t.Errorf("%s rows after a rollback", got)
	}
}

// pgxPipeline sends many statements before it reads an answer.
func pgxPipeline(t *testing.T, conn *pgx.Conn) {
	var batch pgx.Batch
	const n = 500
	for i := range n {
		batch.Queue("select $1::int * 2", i)
	}
	results := conn.SendBatch(t.Context(), &batch)
	defer results.Close()
	for i := range n {
		var got int
		if err := results.QueryRow().Scan(&got); err != nil || got != 2*i {
			t.Fatalf("answer %d is %d (%v)", i, got, err)
		}
	}
}

func pgxLargeValue(t *testing.T, conn *pgx.Conn) {
	value := strings.Repeat("0123456789abcdef", 1<<16)
	if got := ask(t, conn, "select $1::text", value); got != value {
		t.Errorf("a value of %d bytes came back as one of %d", len(value), len(got))
	}
}

func pgxError(t *testing.T, conn *pgx.Conn) {
	_, err := conn.Exec(t.Context(), "select 1 / $1::int", 0)
	if e := serverError(t, err); e.Code != "22012" {
		t.Errorf("division by zero is %s", e.Code)
	}
}

// pgxTogether asks in several sessions at once.
func pgxTogether(t *testing.T, url string) string {
	answers := make([]string, 10)
	errs := make([]error, len(answers))
	var asking sync.WaitGroup
	for i := range answers {
		asking.Go(func() { answers[i], errs[i] = askOnce(t.Context(), url) })
	}
	asking.Wait()
	for i, answer := range answers {
		if errs[i] != nil || answer != answers[0] {
			return fmt.Sprintf("%s, then %s (%v)", answers[0], answer, errs[i])
		}
	}
	return answers[0]
}

// askOnce opens a session for one question.
func askOnce(ctx context.Context, url string) (answer string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	return answer, conn.QueryRow(ctx, whoami).Scan(&answer)
}
