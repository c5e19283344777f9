package codectest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// report stands in for a test and keeps what a Session complains about.
type report struct {
	testing.TB
	lines []string
}

func (r *report) Helper() {}

func (r *report) Errorf(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// scripted answers as its fields say.
type scripted struct {
	start                 codecs.Step
	client, open, backend func(in []byte) codecs.Step
	secured               func(codecs.TLS) codecs.Step
	backendSecured        func(in []byte) codecs.Step
	refuse                func(dst []byte) []byte
}

func (c *scripted) Start() codecs.Step                          { return c.start }
func (c *scripted) Client(in []byte) codecs.Step                { return c.client(in) }
func (c *scripted) Open(in []byte, _ codecs.Target) codecs.Step { return c.open(in) }
func (c *scripted) Backend(in []byte) codecs.Step               { return c.backend(in) }
func (c *scripted) Refuse(dst []byte, _ codecs.Failure) []byte  { return c.refuse(dst) }

func (c *scripted) Secured(tls codecs.TLS) codecs.Step   { return c.secured(tls) }
func (c *scripted) BackendSecured(in []byte) codecs.Step { return c.backendSecured(in) }

func (c *scripted) front() codecs.Front {
	return codecs.Front{New: func() codecs.Codec { return c }, MaxPending: 4}
}

func always(step codecs.Step) func([]byte) codecs.Step {
	return func([]byte) codecs.Step { return step }
}

func route() codecs.Step {
	return codecs.Step{Action: codecs.Route, Resource: []byte("x")}
}

func TestBrokenContractsAreReported(t *testing.T) {
	for want, step := range map[string]codecs.Step{
		"Consumed is outside the input": {Consumed: 4},
		"ToBackend before Open":         {ToBackend: []byte("x")},
		"Relay before Open":             {Action: codecs.Relay},
		"Resource must be there":        {Action: codecs.Route},
		"RouteKey without Key":          {Action: codecs.RouteKey},
		"StartBackendTLS before Open":   {Action: codecs.StartBackendTLS},
		"Key before Open":               {Key: []byte("x")},
		"Failure without Fail":          {Failure: codecs.Failure{Kind: codecs.Malformed}},
	} {
		r := &report{}
		Start(r, (&scripted{client: always(step)}).front()).Client([]byte("abc"))
		expect(t, r, want)
	}
	for want, step := range map[string]codecs.Step{
		"a second route":      route(),
		"StartTLS after Open": {Action: codecs.StartTLS},
	} {
		r := &report{}
		Start(r, (&scripted{start: route(), open: always(step)}).front()).Open(codecs.Target{})
		expect(t, r, want)
	}
}

// plain hides that a codec is an Upgrader.
type plain struct{ codecs.Codec }

func TestTLSWithoutAnUpgraderIsReported(t *testing.T) {
	r := &report{}
	c := plain{&scripted{client: always(codecs.Step{Action: codecs.StartTLS})}}
	Start(r, codecs.Front{New: func() codecs.Codec { return c }}).Client([]byte("abc"))
	expect(t, r, "without being an Upgrader")
}

func expect(t *testing.T, r *report, want string) {
	t.Helper()
	if len(r.lines) != 1 || !strings.Contains(r.lines[0], want) {
		t.Errorf("reported %q, want %q", r.lines, want)
	}
}

func TestWritingToTheInputIsReported(t *testing.T) {
	r := &report{}
	c := &scripted{client: func(in []byte) codecs.Step { in[0] = 'X'; return codecs.Step{} }}
	Start(r, c.front()).Client([]byte("abc"))
	expect(t, r, "wrote to its input")
}

func TestKeepingTooMuchIsReported(t *testing.T) {
	r := &report{}
	Start(r, (&scripted{client: always(codecs.Step{})}).front()).Client([]byte("abcd"), []byte("e"))
	expect(t, r, "leaves 5 bytes")
}

func TestRefuseThatDoesNotAppendIsReported(t *testing.T) {
	r := &report{}
	c := &scripted{refuse: func([]byte) []byte { return []byte("no") }}
	Start(r, c.front()).Refuse(codecs.Failure{})
	expect(t, r, "didn't append")
}

// A codec that keeps its input finds it gone.
func TestInputIsSpoiledAfterTheCall(t *testing.T) {
	var kept []byte
	c := &scripted{client: func(in []byte) codecs.Step { kept = in; return codecs.Step{} }}
	Start(t, c.front()).Client([]byte("abc"))
	if !bytes.Equal(kept, make([]byte, 3)) {
		t.Errorf("the input is still %q", kept)
	}
}

func TestSessionRunsACodecToItsRelay(t *testing.T) {
	c := &scripted{start: route()}
	c.open = func(in []byte) codecs.Step { return codecs.Step{ToBackend: in[:1], Consumed: 1} }
	c.client = func(in []byte) codecs.Step { return codecs.Step{ToBackend: in, Consumed: len(in)} }
	c.backend = func(in []byte) codecs.Step {
		return codecs.Step{Action: codecs.Relay, Key: []byte("k"), ToClient: in[:1], Consumed: 1}
	}
	s := Start(t, c.front())
	s.Client([]byte("ab"))
	s.Open(codecs.Target{})
	s.Client([]byte("c"))
	s.Backend([]byte("12"), []byte("3"))
	s.Client([]byte("d"))
	if string(s.ToBackend) != "abcd" || string(s.ToClient) != "123" || s.Action != codecs.Relay {
		t.Errorf("the backend heard %q, the client %q, action %d", s.ToBackend, s.ToClient, s.Action)
	}
	if string(s.Resource) != "x" || len(s.Issued) != 1 || string(s.Issued[0]) != "k" {
		t.Errorf("resource %q, keys %q", s.Resource, s.Issued)
	}
}

// The bytes in front of TLS are the codec's, those of TLS aren't, and those
// within are again.
func TestSessionTurnsToTLS(t *testing.T) {
	c := &scripted{client: func(in []byte) codecs.Step {
		return codecs.Step{Action: codecs.StartTLS, Consumed: 1, ToClient: in[:1]}
	}}
	c.secured = func(tls codecs.TLS) codecs.Step {
		c.client = always(route())
		return codecs.Step{ToClient: []byte(tls.ServerName)}
	}
	c.open = always(codecs.Step{ToBackend: []byte("?")})
	c.backend = always(codecs.Step{Action: codecs.StartBackendTLS, Consumed: 1})
	c.backendSecured = func(in []byte) codecs.Step {
		return codecs.Step{Action: codecs.Relay, ToBackend: in[:1], Consumed: 1}
	}
	s := Start(t, c.front())
	s.Client([]byte("Shello"))
	if s.Action != codecs.StartTLS || string(s.FromClient) != "hello" {
		t.Fatalf("action %d, %q is TLS's", s.Action, s.FromClient)
	}
	s.Secured(codecs.TLS{ServerName: "x"})
	s.Client([]byte("ab"))
	c.client = always(codecs.Step{})
	s.Open(codecs.Target{})
	s.Backend([]byte("S"))
	s.BackendSecured()
	if s.Action != codecs.Relay || string(s.ToClient) != "Sx" || string(s.ToBackend) != "?ab" {
		t.Errorf("action %d, the client heard %q, the backend %q", s.Action, s.ToClient, s.ToBackend)
	}
}

func TestTLSFromTheFirstByte(t *testing.T) {
	c := &scripted{}
	c.secured = func(tls codecs.TLS) codecs.Step {
		c.start = codecs.Step{Action: codecs.Route, Resource: []byte(tls.ServerName)}
		return codecs.Step{Action: codecs.Fail} // ignored
	}
	s := StartSecured(t, c.front(), codecs.TLS{ServerName: "shop.example"})
	if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
		t.Errorf("action %d, resource %q", s.Action, s.Resource)
	}
}

// A client whose bytes wait for the backend's gets its turn behind them.
func TestClientIsPresentedAgainBehindTheBackend(t *testing.T) {
	c := &scripted{start: route(), open: always(codecs.Step{}), client: always(codecs.Step{})}
	c.backend = func(in []byte) codecs.Step {
		c.client = func(in []byte) codecs.Step { return codecs.Step{ToBackend: in, Consumed: len(in)} }
		return codecs.Step{Consumed: len(in)}
	}
	s := Start(t, c.front())
	s.Client([]byte("ab"))
	s.Open(codecs.Target{})
	if s.Backend([]byte("N")); string(s.ToBackend) != "ab" {
		t.Errorf("the backend heard %q", s.ToBackend)
	}
}

func TestSplits(t *testing.T) {
	var got []string
	for chunks := range Splits([]byte("abc")) {
		got = append(got, string(bytes.Join(chunks, []byte("|"))))
	}
	if want := "abc a|b|c a|bc ab|c"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestChop(t *testing.T) {
	in := bytes.Repeat([]byte("x"), 300)
	for _, test := range []struct {
		sizes []byte
		want  string
	}{
		{nil, "[300]"},
		{[]byte{0}, "[256 44]"},
		{[]byte{200, 50}, "[200 50 50]"},
	} {
		var lengths []int
		for _, chunk := range Chop(in, test.sizes) {
			lengths = append(lengths, len(chunk))
		}
		if got := fmt.Sprint(lengths); got != test.want {
			t.Errorf("sizes %v: %s, want %s", test.sizes, got, test.want)
		}
	}
}
