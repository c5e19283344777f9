package mysql

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// victim is the connection id that a client wants killed, as its client was
// greeted; issued is what the backend called it.
const (
	victim = 0x80000007
	issued = "\x00\x00\x00\x2a"
)

// wanting returns a session that is to be routed to the victim's backend.
func wanting(t testing.TB, chunks ...[]byte) started {
	t.Helper()
	s := waiting(t, Options{})
	s.Client(chunks...)
	if s.Action != codecs.RouteKey || !bytes.Equal(s.Wanted, sessionKey(victim)) {
		t.Fatalf("action %d, wants %q", s.Action, s.Wanted)
	}
	return s
}

// killing returns one whose backend has been sent the statement.
func killing(t testing.TB) started {
	t.Helper()
	s := wanting(t, packetOf(0, []byte("\x03KILL 2147483655")))
	s.Open(codecs.Target{KeyData: issued})
	s.Backend(modernBackend(), okPacket(2))
	if heard := s.heardBackend(); !bytes.HasSuffix(heard, packetOf(0, []byte("\x03KILL 42"))) {
		t.Fatalf("the backend heard %q", heard)
	}
	return s
}

func TestKill(t *testing.T) {
	for command, want := range map[string]string{
		"\x03KILL 2147483655":                          "KILL 42",
		"\x03kill query 2147483655;":                   "KILL QUERY 42",
		"\x03KILL /* it */ CONNECTION 2147483655 -- x": "KILL CONNECTION 42",
		"\x03kill soft query 2147483655":               "KILL SOFT QUERY 42",
		"\x03/*!50000 KILL HARD 2147483655 */":         "KILL HARD 42",
		"\x0c\x07\x00\x00\x80":                         "KILL 42",
	} {
		for chunks := range codectest.Splits(packetOf(0, []byte(command))) {
			s := wanting(t, chunks...)
			kept := s.codec.late.password
			s.Open(codecs.Target{KeyData: issued})
			s.Backend(codectest.Bytewise(join(modernBackend(), okPacket(2)))...)
			heard := s.heardBackend()
			response := heard[:headerSize+payloadSize(heard)]
			if got := sentResponse(t, response, 1); string(got.user) != "alice" || len(got.database) != 0 {
				t.Fatalf("%q: the backend heard of %q, database %q", command, got.user, got.database)
			}
			if rest := heard[len(response):]; !bytes.Equal(rest, packetOf(0, []byte("\x03"+want))) {
				t.Fatalf("%q: the backend heard %q", command, rest)
			}
			checkWiped(t, kept)
		}
	}
}

// The backend's answer is the client's, and the end.
func TestKillIsAnswered(t *testing.T) {
	for _, answer := range [][]byte{okPacket(1), errPacket(1, 1095, "You are not owner of thread 42")} {
		for chunks := range codectest.Splits(answer) {
			s := killing(t)
			s.Backend(chunks...)
			if heard := s.heardClient(); s.Action != codecs.Close || !bytes.Equal(heard, answer) {
				t.Fatalf("action %d, the client heard %q", s.Action, heard)
			}
			if heard := s.heardBackend(); !bytes.Equal(heard, packetOf(0, []byte{commandQuit})) {
				t.Fatalf("the backend heard %q", heard)
			}
			if len(s.Issued) != 0 {
				t.Fatalf("the session registered %q", s.Issued)
			}
		}
	}
	for _, answer := range [][]byte{packetOf(1, nil), packetOf(1, []byte{1}), packetOf(2, appendOK(nil, 0)), packetOf(1, appendOK(nil, statusMoreResults))} {
		s := killing(t)
		s.Backend(answer)
		if s.Action != codecs.Fail || s.Failure.Kind != codecs.Unavailable {
			t.Errorf("%q: action %d, %+v", answer, s.Action, s.Failure)
		}
	}
}

// With query attributes two counts come before the text.
func TestKillWithQueryAttributes(t *testing.T) {
	s := waiting(t, Options{})
	s.codec.login.identity.capabilities |= QueryAttributes
	s.command(commandQuery, "\x00\x01KILL 2147483655")
	s.Open(codecs.Target{KeyData: issued})
	s.Backend(backendGreetingPacket(DefaultCapabilities|QueryAttributes), okPacket(2))
	if heard := s.heardBackend(); !bytes.HasSuffix(heard, packetOf(0, []byte("\x03\x00\x01KILL 42"))) {
		t.Errorf("the backend heard %q", heard)
	}
}

// What can't be found is told in the server's words; what the backend says of
// the login, in its own.
func TestKillRefusals(t *testing.T) {
	unknown := wanting(t, packetOf(0, []byte("\x03KILL 2147483655")))
	if got := parseERR(t, unknown.Refuse(codecs.Failure{Kind: codecs.NotFound})); got.code != 1094 || got.seq != 1 || got.text != detailThread {
		t.Errorf("refused with %+v", got)
	}
	for _, data := range []string{"", "four and more"} {
		s := wanting(t, packetOf(0, []byte("\x03KILL 2147483655")))
		s.Open(codecs.Target{KeyData: data})
		if got := parseERR(t, s.Refuse(s.Failure)); s.Action != codecs.Fail || got.code != 1094 {
			t.Errorf("kept %q: action %d, refused with %+v", data, s.Action, got)
		}
	}
	down := wanting(t, packetOf(0, []byte("\x03KILL 2147483655")))
	if got := parseERR(t, down.Refuse(codecs.Failure{Kind: codecs.Unavailable})); got.code != 1040 {
		t.Errorf("refused with %+v", got)
	}
	denied := wanting(t, packetOf(0, []byte("\x03KILL 2147483655")))
	denied.Open(codecs.Target{KeyData: issued})
	denied.Backend(modernBackend(), errPacket(2, 1045, "Access denied"))
	if got := parseERR(t, denied.heardClient()); got.code != 1045 || got.seq != 1 {
		t.Errorf("the client heard %+v", got)
	}
}

// What isn't the KILL of one connection needs a backend.
func TestOtherKills(t *testing.T) {
	for _, command := range []string{
		"\x03KILL", "\x03KILL x", "\x03KILL QUERY", "\x03KILL -1", "\x03KILL 4294967296", "\x03KILL 1 2", "\x03KILL 1; KILL 2",
		"\x03KILL QUERY ID 7", "\x03KILL USER alice", "\x03KILL '7'", "\x03KILL 0x7", "\x03KILL 1_0", "\x03KILL QUERY HARD 7", "\x03/*!KILL 7",
		"\x0c", "\x0c\x07\x00\x00",
	} {
		s := waiting(t, Options{})
		s.Client(packetOf(0, []byte(command)))
		if got := parseERR(t, s.heardClient()); s.Action != codecs.More || got.code != 1046 {
			t.Errorf("%q: action %d, told %+v", command, s.Action, got)
		}
	}
}

// A session is registered with the backend's id as soon as it is logged in,
// whether it named a database at once or later.
func TestSessionsAreRegistered(t *testing.T) {
	late := waiting(t, Options{})
	bound(t, late, nameNative)
	early := opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{})
	early.Backend(modernBackend())
	early.heardBackend()
	for name, s := range map[string]started{"late": late, "early": early} {
		want, _ := parseGreeting(modernBackend()[headerSize:])
		if len(s.Issued) != 0 {
			t.Errorf("%s: registered before the login: %q", name, s.Issued)
		}
		seq := s.codec.backend.next
		step := s.codec.Backend(okPacket(seq))
		k := kill{}
		if !k.aim(string(step.KeyData)) || k.id != want.id || !bytes.Equal(step.Key, sessionKey(s.codec.id)) {
			t.Errorf("%s: registered %q for %q, want %d", name, step.Key, step.KeyData, want.id)
		}
	}
}

// The ids that are drawn are those of no backend.
func TestDrawnIDs(t *testing.T) {
	c := codec{settings: Options{Random: &counting{}}.settings()}
	if err := c.draw(); err != nil || c.id&foreign == 0 {
		t.Errorf("%#x, %v", c.id, err)
	}
}

// Close leaves no password behind, wherever the session ends.
func TestCloseWipes(t *testing.T) {
	logged := waiting(t, Options{})
	logged.codec.Close()
	checkWiped(t, logged.codec.late.password[:cap(logged.codec.late.password)])

	unsealing := waiting(t, Options{})
	unsealing.codec.unsealed = bytes.Clone(clear0)
	unsealing.codec.resume = func() codecs.Step { return codecs.Step{} } // its computation is done, nobody asked
	memory := unsealing.codec.unsealed
	unsealing.codec.Close()
	checkWiped(t, memory)
}
