//go:build unix

package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func newFarm(t *testing.T) *Farm {
	t.Helper()
	f, err := NewFarm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(f.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the farm's folder is still there: %v", err)
		}
	})
	return f
}

func start(t *testing.T, f *Farm, o Options) *Cluster {
	t.Helper()
	c, err := f.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// name asks a server by TCP for its cluster's name.
func name(t *testing.T, c *Cluster, credentials string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://%s@%s/postgres", credentials, c.Endpoint()))
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background())
	var name string
	err = conn.QueryRow(t.Context(), "select current_setting('cluster_name')").Scan(&name)
	return name, err
}

func TestClusters(t *testing.T) {
	f := newFarm(t)
	open := start(t, f, Options{Name: "open", Settings: map[string]string{"max_connections": "7"}})
	closed := start(t, f, Options{Name: "closed", Auth: SCRAM})

	t.Run("each is itself", func(t *testing.T) {
		if got, err := name(t, open, Admin); got != "open" || err != nil {
			t.Errorf("name is %q (%v), want open", got, err)
		}
		if err := closed.Exec(t.Context(), "postgres", "create role alice login password 'secret'"); err != nil {
			t.Fatal(err)
		}
		if got, err := name(t, closed, "alice:secret"); got != "closed" || err != nil {
			t.Errorf("name is %q (%v), want closed", got, err)
		}
	})
	t.Run("a password is asked for", func(t *testing.T) {
		_, err := name(t, closed, "alice:wrong")
		if failure := (*pgconn.PgError)(nil); !errors.As(err, &failure) || failure.Code != "28P01" {
			t.Errorf("a wrong password is answered with %v, want 28P01", err)
		}
	})
	t.Run("settings are set", func(t *testing.T) {
		conn, err := open.Connect(t.Context(), "postgres")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var limit string
		if err := conn.QueryRow(t.Context(), "show max_connections").Scan(&limit); limit != "7" || err != nil {
			t.Errorf("max_connections is %q (%v), want 7", limit, err)
		}
	})
}

func TestStopAndRestart(t *testing.T) {
	f := newFarm(t)
	c := start(t, f, Options{Name: "phoenix"})
	if err := c.Exec(t.Context(), "postgres", "create table kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Smart, Fast, Immediate} {
		t.Run(mode.String(), func(t *testing.T) {
			before := c.Endpoint()
			if err := c.Stop(t.Context(), mode); err != nil {
				t.Fatal(err)
			}
			if conn, err := net.Dial("tcp", before); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("a stopped server's port answers: %v %v", conn, err)
			}
			if err := c.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.Endpoint() != before {
				t.Errorf("came back at %s, was at %s", c.Endpoint(), before)
			}
			if err := c.Exec(t.Context(), "postgres", "insert into kept values (1)"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSmartStopWaitsForSessions(t *testing.T) {
	c := start(t, newFarm(t), Options{Name: "patient"})
	conn, err := c.Connect(t.Context(), "postgres")
	if err != nil {
		t.Fatal(err)
	}
	c.Signal(Smart)
	for err == nil {
		_, err = name(t, c, Admin)
	}
	if failure := (*pgconn.PgError)(nil); !errors.As(err, &failure) || failure.Code != "57P03" {
		t.Errorf("a new session is refused with %v, want 57P03", err)
	}
	if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("the open session: %v", err)
	}
	conn.Close(t.Context())
	if err := c.Stop(t.Context(), Smart); err != nil {
		t.Error(err)
	}
}

func TestStartTellsWhatIsWrong(t *testing.T) {
	_, err := newFarm(t).Start(t.Context(), Options{Name: "odd", Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("error is %v, want the server's words about no_such_setting", err)
	}
}
