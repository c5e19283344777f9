package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func renaming(database string) codecs.Target {
	return codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: database, "region": "eu"}}
}

func TestRewrite(t *testing.T) {
	for _, test := range []struct {
		name       string
		from, want []byte
	}{
		{"another database", aliceStartup, startup(version30, "user", "alice", "database", "tenant_7")},
		{"none named", startup(version30, "user", "alice"), startup(version30, "user", "alice", "database", "tenant_7")},
		{"named more than once",
			startup(version30, "database", "a", "user", "alice", "database", "b", "options", "-c x=y"),
			startup(version30, "user", "alice", "options", "-c x=y", "database", "tenant_7")},
		{"the version and its options stay",
			startup(3<<16|9999, "user", "alice", "_pq_.x", "1", "database", "shop"),
			startup(3<<16|9999, "user", "alice", "_pq_.x", "1", "database", "tenant_7")},
	} {
		t.Run(test.name, func(t *testing.T) {
			query := typed('Q', "select 1\x00")
			s := codectest.Start(t, Front(Options{}))
			s.Client(join(test.from, query))
			s.Open(renaming("tenant_7"))
			if want := join(test.want, query); s.Action != codecs.More || string(s.ToBackend) != string(want) {
				t.Fatalf("action %d, the backend heard %q, want %q", s.Action, s.ToBackend, want)
			}
			s.Backend(key, ready)
			if s.Action != codecs.Relay || len(s.Issued) != 1 {
				t.Errorf("action %d, %q issued", s.Action, s.Issued)
			}
		})
	}
}

func TestRewriteIsWhatPgxDecodes(t *testing.T) {
	s := codectest.Start(t, Front(Options{}))
	s.Client(aliceStartup)
	s.Open(renaming("tenant_7"))
	var m pgproto3.StartupMessage
	if err := m.Decode(s.ToBackend[4:]); err != nil {
		t.Fatal(err)
	}
	if m.Parameters["database"] != "tenant_7" || m.Parameters["user"] != "alice" {
		t.Errorf("parameters %v", m.Parameters)
	}
}

func TestNoRewriteWithoutAName(t *testing.T) {
	for _, target := range []codecs.Target{{}, renaming("")} {
		s := codectest.Start(t, Front(Options{}))
		s.Client(aliceStartup)
		s.Open(target)
		if string(s.ToBackend) != string(aliceStartup) {
			t.Errorf("the backend heard %q", s.ToBackend)
		}
	}
}

func TestRewriteToTheImpossible(t *testing.T) {
	for name, database := range map[string]string{
		"NUL would begin another parameter": "x\x00user\x00postgres",
		"too long for any server":           strings.Repeat("x", maxOpening),
	} {
		s := codectest.Start(t, Front(Options{}))
		s.Client(aliceStartup)
		s.Open(renaming(database))
		want := codecs.Failure{Kind: codecs.Internal, Detail: detailDatabase}
		if s.Action != codecs.Fail || s.Failure != want || len(s.ToBackend) != 0 {
			t.Errorf("%s: action %d, %+v, the backend heard %q", name, s.Action, s.Failure, s.ToBackend)
		}
		decodeError(t, s.Refuse(s.Failure))
	}
}
