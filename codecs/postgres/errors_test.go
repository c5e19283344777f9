package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

var spoken = map[codecs.Kind]struct{ sqlstate, named, nameless string }{
	codecs.Internal:    {"XX000", `internal error`, `internal error`},
	codecs.NotFound:    {"3D000", `database "shop" does not exist`, `database does not exist`},
	codecs.Forbidden:   {"28000", `permission denied for database "shop"`, `permission denied for database`},
	codecs.Unavailable: {"57P03", `database "shop" is not accepting connections`, `database is not accepting connections`},
	codecs.Timeout:     {"57P03", `database "shop" did not accept the connection in time`, `database did not accept the connection in time`},
	codecs.TooMany:     {"53300", `too many connections for database "shop"`, `too many connections for database`},
	codecs.Malformed:   {"08P01", `invalid startup packet`, `invalid startup packet`},
	codecs.Unsupported: {"0A000", `feature not supported`, `feature not supported`},
}

// refuse returns what a client that has connected hears about f.
func refuse(t *testing.T, f codecs.Failure) pgproto3.ErrorResponse {
	t.Helper()
	return decodeError(t, codectest.Start(t, Front(Options{})).Refuse(f))
}

func TestEveryKindIsSpoken(t *testing.T) {
	if len(spoken) != len(codecs.Kinds()) {
		t.Fatalf("the table has %d kinds, there are %d", len(spoken), len(codecs.Kinds()))
	}
	for _, k := range codecs.Kinds() {
		want := spoken[k]
		e := refuse(t, codecs.Failure{Kind: k, Resource: "shop"})
		if e.Severity != "FATAL" || e.SeverityUnlocalized != "FATAL" || e.Code != want.sqlstate || e.Message != want.named {
			t.Errorf("%v: %s %s %s %q, want FATAL %s %q", k, e.Severity, e.SeverityUnlocalized, e.Code, e.Message, want.sqlstate, want.named)
		}
		if e := refuse(t, codecs.Failure{Kind: k}); e.Code != want.sqlstate || e.Message != want.nameless {
			t.Errorf("%v without a resource: %s %q, want %s %q", k, e.Code, e.Message, want.sqlstate, want.nameless)
		}
	}
}

func TestUnknownKindIsOurFault(t *testing.T) {
	if e := refuse(t, codecs.Failure{Kind: 255}); e.Code != "XX000" || e.Message != "internal error" {
		t.Errorf("%s %q", e.Code, e.Message)
	}
}

func TestDetail(t *testing.T) {
	e := refuse(t, codecs.Failure{Kind: codecs.Timeout, Detail: "the wake-up failed", Resource: "shop"})
	if e.Message != spoken[codecs.Timeout].named || e.Detail != "the wake-up failed" || e.Hint != hintAgain {
		t.Errorf("with a resource: %q, detail %q, hint %q", e.Message, e.Detail, e.Hint)
	}
	e = refuse(t, codecs.Failure{Kind: codecs.Forbidden, Detail: detailNoUser})
	if e.Code != "28000" || e.Message != detailNoUser || e.Detail != "" || e.Hint != "" {
		t.Errorf("without one: %s %q, detail %q, hint %q", e.Code, e.Message, e.Detail, e.Hint)
	}
}

func TestQuotedNames(t *testing.T) {
	long := strings.Repeat("x", maxQuoted)
	for name, want := range map[string]string{
		"shop":                  `"shop"`,
		"Müller 東京":             `"Müller 東京"`,
		long:                    `"` + long + `"`,
		long + "y":              `"` + long + `..."`,
		long[:62] + "東y":        `"` + long[:62] + `東..."`,
		"a\nb\r\x00\x1b[2J\x7f": `"a?b???[2J?"`,
		"csi \u009b2J":          `"csi ?2J"`,
		"bidi \u202etxt":        `"bidi ?txt"`,
		"line\u2028separator":   `"line?separator"`,
		"bad \xff\xfe utf-8":    `"bad ?? utf-8"`,
		"a\"b":                  `"a"b"`,
	} {
		e := refuse(t, codecs.Failure{Kind: codecs.NotFound, Resource: name})
		if e.Message != "database "+want+" does not exist" {
			t.Errorf("%q is quoted as %q, want %s", name, e.Message, want)
		}
	}
}

// An error may only stand between the backend's messages, and only while the
// backend hasn't said one itself.
func TestRefuseDuringHandover(t *testing.T) {
	for _, test := range []struct {
		name   string
		heard  []byte
		speaks bool
	}{
		{"nothing", nil, true},
		{"whole messages", join(authOK, parameter), true},
		{"a held back header", join(authOK, parameter[:3]), true},
		{"a held back key", join(authOK, key[:7]), true},
		{"part of a message", join(authOK, parameter[:9]), false},
		{"an error", noSuchRole, false},
	} {
		s := opened(t)
		s.Backend(test.heard)
		words := s.Refuse(codecs.Failure{Kind: codecs.Unavailable, Resource: "shop"})
		if (len(words) > 0) != test.speaks {
			t.Errorf("after %s: %q", test.name, words)
		}
	}
}

func TestRefuseAllocatesNothing(t *testing.T) {
	c := Front(Options{}).New()
	dst := make([]byte, 0, 512)
	f := codecs.Failure{Kind: codecs.NotFound, Resource: strings.Repeat("\n東", 100)}
	if n := testing.AllocsPerRun(1000, func() { c.Refuse(dst, f) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
