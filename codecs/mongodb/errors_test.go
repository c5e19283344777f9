package mongodb

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// The codes and names are those of the server's list of errors, and what the
// drivers' specifications call retryable or a change of state is chosen with
// care: the test holds the table a second time.
var spoken = map[codecs.Kind]struct {
	code           int32
	name           string
	named, unnamed string
}{
	codecs.Internal:    {1, "InternalError", "internal error", "internal error"},
	codecs.NotFound:    {26, "NamespaceNotFound", `database "shop" does not exist`, "database does not exist"},
	codecs.Forbidden:   {13, "Unauthorized", `not allowed to use database "shop"`, "not allowed to use database"},
	codecs.Unavailable: {6, "HostUnreachable", `database "shop" is not accepting connections: try again in a moment`, "database is not accepting connections: try again in a moment"},
	codecs.Timeout:     {89, "NetworkTimeout", `database "shop" did not accept the connection in time: try again in a moment`, "database did not accept the connection in time: try again in a moment"},
	codecs.TooMany:     {202, "NetworkInterfaceExceededTimeLimit", `too many connections for database "shop": try again in a moment`, "too many connections for database: try again in a moment"},
	codecs.Malformed:   {17, "ProtocolError", "invalid message", "invalid message"},
	codecs.Unsupported: {115, "CommandNotSupported", "feature not supported", "feature not supported"},
	200:                {1, "InternalError", "internal error", "internal error"},
}

func TestRefusals(t *testing.T) {
	for _, kind := range append(codecs.Kinds(), 200) {
		want, known := spoken[kind]
		if !known {
			t.Errorf("no words for %v", kind)
		}
		for resource, text := range map[string]string{"shop": want.named, "": want.unnamed} {
			s := routed(t, Options{}, find)
			got := one(t, s.Refuse(codecs.Failure{Kind: kind, Resource: resource}))
			fields := map[string]any{"ok": uint64(0), "code": want.code, "codeName": want.name, "errmsg": text}
			if got.to != 4 || got.legacy || !equalFields(got.fields, fields) {
				t.Errorf("%v: %+v, want %v", kind, got, fields)
			}
		}
	}
}

// The reply is to what was asked, as it was asked.
func TestRefusalsAnswer(t *testing.T) {
	away := codecs.Failure{Kind: codecs.Unavailable, Resource: "shop"}
	opened := func(s *codectest.Session) *codectest.Session {
		s.Open(codecs.Target{})
		return s
	}
	client := func(s *codectest.Session, sent ...[]byte) *codectest.Session {
		s.Client(sent...)
		return s
	}
	for _, tt := range []struct {
		name    string
		session *codectest.Session
		want    []int32 // the request's id, if there is one
	}{
		{"before a word", codectest.Start(t, Front(Options{})), nil},
		{"after half a header", client(codectest.Start(t, Front(Options{})), find[:10]), nil},
		{"within a request", client(codectest.Start(t, Front(Options{})), find[:20]), []int32{4}},
		{"after an answer of ours", client(codectest.Start(t, Front(Options{})), firstHello), nil},
		{"routed", routed(t, Options{}, firstHello, find), []int32{4}},
		{"routed by hello", routed(t, Options{}, loginHello), []int32{5}},
		{"routed by what awaits nothing", routed(t, Options{}, flagged(flagMoreToCome, 6, section0(num("x", 1), str("$db", "shop")))), nil},
		{"opened", opened(routed(t, Options{}, firstHello, find)), []int32{4}},
		{"opened, to be shown", opened(routed(t, Options{ShowTopology: true}, firstHello, find)), []int32{4}},
		{"opened by hello", opened(routed(t, Options{}, loginHello)), []int32{5}},
		{"standing", stood(t, Options{}), nil},
		{"standing, asked", client(stood(t, Options{}), databased("shop")), []int32{7}},
		{"standing, told", client(stood(t, Options{}), flagged(flagMoreToCome, 6, section0(num("x", 1), str("$db", "shop")))), nil},
		{"standing, compressed", client(opened(routed(t, Options{}, msg(5, num("saslStart", 1), str("$db", "shop")))), packet(opCompressed, 9, 0, "x")), []int32{5}},
	} {
		said := tt.session.Refuse(away)
		if len(tt.want) == 0 && len(said) > 0 {
			t.Errorf("%s: %q", tt.name, said)
		}
		if len(tt.want) > 0 && one(t, said).to != tt.want[0] {
			t.Errorf("%s: %+v, want the reply to %d", tt.name, one(t, said), tt.want[0])
		}
	}
}

func TestRefusalOfAnOldHello(t *testing.T) {
	s := routed(t, Options{}, speculative(8, str("db", "shop")))
	if got := one(t, s.Refuse(codecs.Failure{Kind: codecs.NotFound, Resource: "shop"})); got.to != 8 || !got.legacy {
		t.Errorf("%+v", got)
	}
}

func TestRefusalsGiveAdvice(t *testing.T) {
	s := routed(t, Options{}, speculative(8, str("db", "admin")))
	got := one(t, s.Refuse(codecs.Failure{Kind: codecs.NotFound, Resource: "admin"})).fields["errmsg"]
	if want := `database "admin" does not exist: ` + detailUsersDatabase; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	got = one(t, s.Refuse(codecs.Failure{Kind: codecs.NotFound, Resource: "admin", Detail: "really"})).fields["errmsg"]
	if want := `database "admin" does not exist: really`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Names from the wire are quoted harmlessly.
func TestRefusalsQuote(t *testing.T) {
	s := routed(t, Options{}, find)
	for name, want := range map[string]string{
		"a\x1b[2Jb": `"a?[2Jb"`, "\xff%": `"?%"`, strings.Repeat("x", 100): `"` + strings.Repeat("x", 63) + `..."`,
	} {
		got := one(t, s.Refuse(codecs.Failure{Kind: codecs.NotFound, Resource: name})).fields["errmsg"].(string)
		if got != "database "+want+" does not exist" || !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	}
}
