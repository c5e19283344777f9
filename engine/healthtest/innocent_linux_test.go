package healthtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// What clients do and suffer isn't the endpoint's trouble, though one failure
// would open its breaker: a real database answers all of them.
func TestClientsFaultsDontCount(t *testing.T) {
	database, err := farm.Start(t.Context(), pgcluster.Options{Name: "innocent", Auth: pgcluster.SCRAM})
	enginetest.Must(t, err)
	enginetest.Must(t, database.Exec(t.Context(), "postgres", "create role app login password 'right'", "create role full_up login password 'right' connection limit 0"))
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), resolve.Fixed(database.Endpoint()))
		cfg.Upstream.Breaker = upstream.DefaultOptions().Breaker
		cfg.Upstream.Breaker.Failures = 1
		proxy := enginetest.Start(t, cfg)
		url := func(user, password, database string) string {
			return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", user, password, proxy.Address(), database)
		}
		for range 5 {
			wantState(t, login(t, url("app", "wrong", "postgres")), "28P01")
			wantState(t, login(t, url("app", "right", "missing")), "3D000")
			wantState(t, login(t, url("full_up", "right", "postgres")), "53300")
			failStatement(t, url("app", "right", "postgres"))
			abort(t, proxy)
			abandon(t, url("app", "right", "postgres"))
		}
		proxy.AwaitActive(0)
		e := proxy.Stats().Endpoints[0]
		if e.Breaker.Phase != upstream.Closed || e.Breaker.Entered[upstream.Open] != 0 || e.Trouble != upstream.Connected {
			t.Errorf("held against the endpoint: %+v", e)
		}
	})
}

// login fails.
func login(t *testing.T, url string) error {
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		enginetest.Must(t, conn.Close(t.Context()))
	}
	return err
}

func wantState(t *testing.T, err error, state string) {
	t.Helper()
	var told *pgconn.PgError
	if !errors.As(err, &told) || told.Code != state {
		t.Errorf("told %v, want SQLSTATE %s", err, state)
	}
}

// failStatement has a session fail at what it says, not at being one.
func failStatement(t *testing.T, url string) {
	conn, err := pgx.Connect(t.Context(), url)
	enginetest.Must(t, err)
	for range 3 {
		_, err = conn.Exec(t.Context(), "select 1/0")
		wantState(t, err, "22012")
	}
	enginetest.Must(t, conn.Close(t.Context()))
}

// abort leaves in the middle of the login.
func abort(t *testing.T, proxy *enginetest.Proxy) {
	client := proxy.Dial()
	client.Say(postgresSpeech.hello)
	if _, err := client.In.Peek(1); err != nil {
		t.Fatal(err)
	}
	client.Reset()
}

// abandon leaves in the middle of a statement.
func abandon(t *testing.T, url string) {
	conn, err := pgx.Connect(t.Context(), url)
	enginetest.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := enginetest.Async(func() error {
		_, err := conn.Exec(ctx, "select pg_sleep(60)")
		return err
	})
	cancel()
	if err := <-done; err == nil {
		t.Error("the statement has ended well")
	}
	_ = conn.Close(context.Background())
}
