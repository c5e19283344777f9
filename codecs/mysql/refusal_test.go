package mysql

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func TestRefusals(t *testing.T) {
	want := map[codecs.Kind]said{
		codecs.Internal:    {code: 1105, state: "HY000", text: "internal error"},
		codecs.NotFound:    {code: 1049, state: "42000", text: `Unknown database "shop"`},
		codecs.Forbidden:   {code: 1044, state: "42000", text: `Access denied to database "shop"`},
		codecs.Unavailable: {code: 1040, state: "08S01", text: `Database "shop" is not accepting connections, try again in a moment`},
		codecs.Timeout:     {code: 1159, state: "08S01", text: `Database "shop" did not accept the connection in time, try again in a moment`},
		codecs.TooMany:     {code: 1040, state: "08004", text: "Too many connections"},
		codecs.Malformed:   {code: 1043, state: "08S01", text: "Bad handshake"},
		codecs.Unsupported: {code: 1235, state: "42000", text: "This is not supported"},
	}
	for _, kind := range append(codecs.Kinds(), 200) {
		expected, ok := want[kind]
		if !ok && kind != 200 {
			t.Errorf("%s isn't in the table", kind)
		}
		if kind == 200 {
			expected = want[codecs.Internal]
		}
		expected.seq = 1
		s := start(t, Options{})
		if got := parseERR(t, s.Refuse(codecs.Failure{Kind: kind, Resource: "shop"})); got != expected {
			t.Errorf("%s is refused with %+v, want %+v", kind, got, expected)
		}
		if words := s.Refuse(codecs.Failure{Kind: kind}); len(words) != 0 {
			t.Errorf("%s is refused twice", kind)
		}
	}
}

func TestDetailsAndNames(t *testing.T) {
	for _, test := range []struct {
		f    codecs.Failure
		want string
	}{
		{codecs.Failure{Kind: codecs.NotFound}, "Unknown database"},
		{codecs.Failure{Kind: codecs.NotFound, Detail: "no such thing"}, "no such thing"},
		{codecs.Failure{Kind: codecs.NotFound, Detail: "no such thing", Resource: "shop"}, `Unknown database "shop": no such thing`},
		{codecs.Failure{Kind: codecs.NotFound, Resource: strings.Repeat("x", 70)}, `Unknown database "` + strings.Repeat("x", 64) + `..."`},
	} {
		if got := parseERR(t, start(t, Options{}).Refuse(test.f)).text; got != test.want {
			t.Errorf("%+v is %q, want %q", test.f, got, test.want)
		}
	}
}

// A refusal has the number the client expects, whenever it comes.
func TestNumbersOfRefusals(t *testing.T) {
	timeout := codecs.Failure{Kind: codecs.Timeout}
	number := func(s started) uint8 { return parseERR(t, s.Refuse(timeout)).seq }
	unstarted := Front(Options{}).New().(*codec)
	if got := parseERR(t, unstarted.Refuse(nil, codecs.Failure{Kind: codecs.TooMany})); got.seq != 0 || got.code != 1040 {
		t.Errorf("in place of the greeting: %+v", got)
	}
	if got := number(start(t, Options{})); got != 1 {
		t.Errorf("behind the greeting: %d", got)
	}
	s := start(t, Options{})
	s.Client(aliceResponse().in("shop").packet(1))
	if got := number(s); got != 2 {
		t.Errorf("behind the response: %d", got)
	}
	s = opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{})
	s.Backend(modernBackend(), switchTo(2, nameNative))
	if got := number(s); got != 3 {
		t.Errorf("behind the request for a method: %d", got)
	}
	s = waiting(t, Options{})
	s.Client(packetOf(0, append([]byte{commandInitDB}, "shop"...)))
	if got := number(s); got != 1 {
		t.Errorf("as the answer to a command: %d", got)
	}
}
