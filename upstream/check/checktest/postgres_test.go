package checktest

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

// TestPostgreSQL has one that is well, full, shutting down, gone and back.
func TestPostgreSQL(t *testing.T) {
	farm, err := pgcluster.NewFarm(t.Context())
	enginetest.Must(t, err)
	defer farm.Close()
	for _, auth := range []pgcluster.Auth{pgcluster.Trust, pgcluster.SCRAM} {
		c, err := farm.Start(t.Context(), pgcluster.Options{Name: strings.ReplaceAll(string(auth), "-", "_"), Auth: auth})
		enginetest.Must(t, err)
		if err := look(t, c.Endpoint(), check.PostgreSQL); err != nil {
			t.Errorf("%s: %v", auth, err)
		}
		session, err := c.Connect(t.Context(), pgcluster.Admin)
		enginetest.Must(t, err)
		c.Signal(pgcluster.Smart)
		refuses(t, "shutting down", c, "57P03")
		enginetest.Must(t, session.Close(t.Context()))
		enginetest.Must(t, c.Stop(t.Context(), pgcluster.Fast))
		if got := upstream.Classify(look(t, c.Endpoint(), check.PostgreSQL)); got != upstream.Refused {
			t.Errorf("stopped: %v", got)
		}
		enginetest.Must(t, c.Restart(t.Context()))
		if err := look(t, c.Endpoint(), check.PostgreSQL); err != nil {
			t.Errorf("%s, started again: %v", auth, err)
		}
	}
}

// TestPostgreSQLFull takes all of a server's places.
func TestPostgreSQLFull(t *testing.T) {
	farm, err := pgcluster.NewFarm(t.Context())
	enginetest.Must(t, err)
	defer farm.Close()
	c, err := farm.Start(t.Context(), pgcluster.Options{Name: "small", Settings: map[string]string{
		"max_connections": "3", "superuser_reserved_connections": "0", "max_wal_senders": "0"}})
	enginetest.Must(t, err)
	var sessions []*pgx.Conn
	defer func() {
		for _, s := range sessions {
			enginetest.Must(t, s.Close(context.Background()))
		}
	}()
	for {
		session, err := c.Connect(t.Context(), pgcluster.Admin)
		if err != nil {
			break
		}
		sessions = append(sessions, session)
	}
	refuses(t, "full", c, "53300")
	enginetest.Must(t, sessions[0].Close(t.Context()))
	enginetest.Eventually(t, "a place is free", func() bool {
		return look(t, c.Endpoint(), check.PostgreSQL) == nil
	})
}

// refuses waits until the check says that.
func refuses(t *testing.T, state string, c *pgcluster.Cluster, code string) {
	t.Helper()
	enginetest.Eventually(t, state, func() bool {
		err := look(t, c.Endpoint(), check.PostgreSQL)
		return err != nil && strings.Contains(err.Error(), code)
	})
}
