package pgtest

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// whoami tells which cluster and which database answers.
const whoami = "select current_setting('cluster_name') || '/' || current_database()"

// connect opens a session with pgx. It is closed with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := tryConnect(t, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// tryConnect is connect for a session that may be refused.
func tryConnect(t *testing.T, url string) (*pgx.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enginetest.Patience)
	defer cancel()
	return pgx.Connect(ctx, url)
}

// ask returns the one text that a query answers.
func ask(t *testing.T, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	var text string
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// execute runs a statement.
func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// admin opens a session with a cluster itself, past the proxy and whatever
// happens to it.
func admin(t *testing.T, name, database string) *pgx.Conn {
	t.Helper()
	conn, err := servers.named[name].Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// serverError returns what the server, or the proxy in its place, said.
func serverError(t *testing.T, err error) *pgconn.PgError {
	t.Helper()
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		t.Fatalf("want an ErrorResponse, got: %v", err)
	}
	return e
}
