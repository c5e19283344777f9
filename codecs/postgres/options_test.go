package postgres

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

func TestResourcePattern(t *testing.T) {
	const seed = `^db-([A-Za-z0-9]+)(?:\.|$)`
	for _, test := range []struct {
		pattern, database string
		resource          string // "" for an unknown resource
	}{
		{seed, "db-4f2a", "4f2a"},
		{seed, "db-4f2a.reports", "4f2a"},
		{seed, "db-4f2a.", "4f2a"},
		{seed, "db-", ""},
		{seed, "db-4f-2a", ""},
		{seed, "4f2a", ""},
		{seed, "xdb-4f2a", ""},
		{`_(\w+)$`, "shop_eu", "eu"},
		{`^(a)?`, "b", ""},  // matches, the group takes no part
		{`^(a*)b`, "b", ""}, // matches, the group is empty
	} {
		pattern, err := naming.CompilePattern(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		s := codectest.Start(t, Front(Options{ResourcePattern: pattern}))
		s.Client(startup(version30, "user", "alice", "database", test.database))
		if test.resource == "" {
			want := codecs.Failure{Kind: codecs.NotFound, Resource: test.database}
			if s.Action != codecs.Fail || s.Failure != want {
				t.Errorf("%s on %q: action %d, %+v", test.pattern, test.database, s.Action, s.Failure)
			}
			continue
		}
		if s.Action != codecs.Route || string(s.Resource) != test.resource {
			t.Errorf("%s on %q: action %d, resource %q, want %q",
				test.pattern, test.database, s.Action, s.Resource, test.resource)
		}
	}
}

// The user stands for the database, so the pattern cuts it as well.
func TestResourcePatternOnTheUser(t *testing.T) {
	pattern, err := naming.CompilePattern(`^db-(.+)$`)
	if err != nil {
		t.Fatal(err)
	}
	s := codectest.Start(t, Front(Options{ResourcePattern: pattern}))
	s.Client(startup(version30, "user", "db-alice"))
	if string(s.Resource) != "alice" {
		t.Errorf("resource %q, want alice", s.Resource)
	}
}
