package postgres

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// What a PostgreSQL 15.18 server said over TLS to psql behind a proxy with TLS
// on both legs, and when the proxy hid the offer.
var (
	offersBinding = typed('R', "\x00\x00\x00\nSCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00")
	offersNone    = typed('R', "\x00\x00\x00\nSCRAM-SHA-256\x00\x00")
	continues     = typed('R', "\x00\x00\x00\x0br=PV7H1oRp5KUsPaGaAb9hSvJ7Aq5f/lkbfa00TgXMDi9KE4m6,s=WpacTEE4huSpqNC/AeWhkw==,i=4096")
	checkFailed   = typed('E', "SFATAL\x00VFATAL\x00C28000\x00MSCRAM channel binding check failed\x00Fauth-scram.c\x00L1317\x00Rread_client_final_message\x00\x00")
	negotiation   = typed('E', "SFATAL\x00VFATAL\x00C28000\x00MSCRAM channel binding negotiation error\x00"+
		"DThe client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.\x00"+
		"Fauth-scram.c\x00L985\x00Rread_client_first_message\x00\x00")
	wrongPassword = typed('E', "SFATAL\x00VFATAL\x00C28P01\x00Mpassword authentication failed for user \"carol\"\x00Fauth.c\x00L334\x00Rauth_failed\x00\x00")
)

// bothTLS returns a session with TLS on both legs, or on the backend's only.
func bothTLS(t testing.TB, client bool) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, Front(Options{TLS: TLSOffered}))
	if client {
		s.Client(sslRequest)
		s.Secured(codecs.TLS{})
		s.ToClient = nil
	}
	s.Client(aliceStartup)
	s.Open(codecs.Target{TLS: codecs.RequireTLS})
	s.Backend([]byte("S"))
	s.BackendSecured()
	return s
}

// The server's complaint reaches the client with a hint and is otherwise what
// it was.
func TestBindingFailureIsExplained(t *testing.T) {
	for _, complaint := range [][]byte{checkFailed, negotiation} {
		in := join(offersBinding, continues, complaint)
		want := decodeError(t, complaint)
		want.Hint = hintBinding
		for chunks := range codectest.Splits(in) {
			s := bothTLS(t, true)
			s.Backend(chunks...)
			rest, ok := bytes.CutPrefix(s.ToClient, join(offersBinding, continues))
			if !ok || !bytes.HasPrefix(rest[typedHeader:], complaint[typedHeader:len(complaint)-1]) {
				t.Fatalf("in %d chunks the client heard %q", len(chunks), s.ToClient)
			}
			if got := decodeError(t, rest); got.Code != want.Code || got.Message != want.Message || got.Detail != want.Detail || got.Hint != want.Hint {
				t.Fatalf("the client heard %+v", got)
			}
			if words := s.Refuse(codecs.Failure{}); len(words) != 0 {
				t.Fatalf("a second error follows: %q", words)
			}
		}
	}
}

// Everything else passes as it came.
func TestOtherErrorsAreNotExplained(t *testing.T) {
	hinted := typed('E', "SFATAL\x00C28000\x00Mx\x00Hy\x00\x00")
	large := typed('E', "SFATAL\x00C28000\x00M"+strings.Repeat("x", maxRead)+"\x00\x00")
	for name, in := range map[string][]byte{
		"another code":              join(offersBinding, continues, wrongPassword),
		"nothing was offered":       join(offersNone, continues, checkFailed),
		"not asked for a password":  noSuchRole,
		"let in before":             join(offersBinding, continues, authOK, noSuchRole),
		"a hint of its own":         join(offersBinding, hinted),
		"larger than any":           join(offersBinding, large),
		"no terminator":             join(offersBinding, typed('E', "C28000\x00")),
		"a field without its end":   join(offersBinding, typed('E', "C28000")),
		"bytes behind the last one": join(offersBinding, typed('E', "C28000\x00\x00x")),
		"no fields":                 join(offersBinding, typed('E', "")),
		"a short authentication":    join(typed('R', "\x00\x00"), offersBinding, wrongPassword),
	} {
		for _, sizes := range [][]byte{nil, {1}, {7, 30}} {
			s := bothTLS(t, true)
			s.Backend(codectest.Chop(in, sizes)...)
			if s.Action != codecs.More || !bytes.Equal(s.ToClient, in) {
				t.Errorf("%s: action %d, the client heard %q of %q", name, s.Action, s.ToClient, in)
			}
			if words := s.Refuse(codecs.Failure{}); len(words) != 0 {
				t.Errorf("%s: a second error follows: %q", name, words)
			}
		}
	}
}

// On other combinations of legs the same words mean something else.
func TestNothingIsReadWithoutBackendTLS(t *testing.T) {
	in := join(offersBinding, continues, checkFailed)
	s := secured(t, Options{TLS: TLSOffered}, sslRequest)
	s.Client(aliceStartup)
	s.Open(codecs.Target{})
	s.ToClient = nil
	if s.Backend(in); !bytes.Equal(s.ToClient, in) {
		t.Errorf("the client heard %q", s.ToClient)
	}
}

// Without TLS of its own a client couldn't bind and would rather give up.
func TestBindingIsNotOfferedInTheClear(t *testing.T) {
	for chunks := range codectest.Splits(join(offersBinding, continues, authOK, key, ready)) {
		s := bothTLS(t, false)
		s.Backend(chunks...)
		if want := join(offersNone, continues, authOK, key, ready); s.Action != codecs.Relay || !bytes.Equal(s.ToClient, want) {
			t.Fatalf("in %d chunks: action %d, the client heard %q", len(chunks), s.Action, s.ToClient)
		}
	}
	for _, test := range []struct{ list, want string }{
		{"X\x00SCRAM-SHA-256-PLUS\x00\x00", "X\x00\x00"},
		{"SCRAM-SHA-256-PLUS\x00\x00", "SCRAM-SHA-256-PLUS\x00\x00"},
		{"SCRAM-SHA-256\x00\x00", "SCRAM-SHA-256\x00\x00"},
		{"SCRAM-SHA-256-PLUS\x00X\x00", "SCRAM-SHA-256-PLUS\x00X\x00"},
		{"SCRAM-SHA-256-PLUS\x00X", "SCRAM-SHA-256-PLUS\x00X"},
		{"SCRAM-SHA-256-PLUS\x00X\x00\x00x", "SCRAM-SHA-256-PLUS\x00X\x00\x00x"},
		{"", ""},
	} {
		s := bothTLS(t, false)
		s.Backend(typed('R', "\x00\x00\x00\n"+test.list))
		if want := typed('R', "\x00\x00\x00\n"+test.want); !bytes.Equal(s.ToClient, want) {
			t.Errorf("%q became %q", test.list, s.ToClient)
		}
	}
}

// FuzzBinding holds the hand-over with TLS on the backend's leg to these
// properties, in being a backend that says in, in chunks of the given sizes:
// the client hears the same whatever the chunks, and what pgx reads of it is
// what it reads of in, but for the hint and the mechanism.
func FuzzBinding(f *testing.F) {
	for _, in := range [][]byte{
		join(offersBinding, continues, checkFailed),
		join(offersBinding, negotiation, ready),
		join(offersBinding, continues, authOK, key, noSuchRole),
		join(offersNone, wrongPassword),
		join(typed('R', "\x00\x00\x00\nSCRAM-SHA-256-PLUS\x00\x00"), ready),
		[]byte("R\x00\x00\x00\x03....."),
	} {
		f.Add(in, []byte{7, 1}, true)
		f.Add(in, []byte{1}, false)
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte, client bool) {
		if len(in) > maxFuzzed {
			return
		}
		play := func(sizes []byte) (heard []byte, action codecs.Action) {
			s := bothTLS(t, client)
			s.Backend(codectest.Chop(in, sizes)...)
			return join(s.ToClient, s.FromBackend), s.Action
		}
		heard, action := play(nil)
		for _, other := range [][]byte{sizes, {1}} {
			if again, end := play(other); !bytes.Equal(again, heard) || end != action {
				t.Fatalf("at once %q (%d), in chunks of %v %q (%d)", heard, action, other, again, end)
			}
		}
		compareMessages(t, in, heard)
	})
}

func compareMessages(t *testing.T, in, heard []byte) {
	t.Helper()
	said, got := pgproto3.NewFrontend(bytes.NewReader(in), nil), pgproto3.NewFrontend(bytes.NewReader(heard), nil)
	said.SetMaxBodyLen(maxFuzzed)
	got.SetMaxBodyLen(maxFuzzed + len(hintBinding) + 2)
	for {
		a, errA := said.Receive()
		a = plainly(a)
		b, errB := got.Receive()
		b = plainly(b)
		if (errA == nil) != (errB == nil) || !reflect.DeepEqual(a, b) {
			t.Fatalf("said %+v (%v), heard %+v (%v)", a, errA, b, errB)
		}
		if errA != nil {
			return
		}
	}
}

// plainly takes out what may differ.
func plainly(m pgproto3.BackendMessage) pgproto3.BackendMessage {
	switch m := m.(type) {
	case *pgproto3.AuthenticationSASL:
		m.AuthMechanisms = slices.DeleteFunc(m.AuthMechanisms, func(name string) bool { return name == bindingMechanism })
	case *pgproto3.ErrorResponse:
		if m.Hint == hintBinding {
			m.Hint = ""
		}
	}
	return m
}
