package postgres

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// FuzzClient holds the opening packets to these properties, in being a client
// that sends in, in chunks of the given sizes:
//   - the outcome doesn't depend on the chunks;
//   - bytes glued to an encryption request fail, whatever they are;
//   - what is routed is what pgx's decoder reads, and the other way round;
//   - the backend hears exactly what the client sent, and when the database is
//     renamed, a startup that routes to the new name.
//
// The contract's own rules are checked by codectest.
func FuzzClient(f *testing.F) {
	for _, test := range startups {
		f.Add(test.packet, []byte{7})
	}
	for _, test := range hostile {
		f.Add(test.packet, []byte{1, 3})
	}
	f.Add(join(gssencRequest, sslRequest, cancelRequest), []byte{8})
	f.Add(join(sslRequest, sslRequest), []byte{8})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		turns := turnsOf(in)
		got := play(t, turns, []byte{1})
		for _, other := range [][]byte{sizes, nil} {
			if s := play(t, turns, other); !same(s, got) {
				t.Fatalf("bytewise %+v, in chunks of %v %+v", got, other, s)
			}
		}
		checkGlued(t, in, turns, got)
		if !asksTwice(turns) {
			checkDecoder(t, turns[len(turns)-1], got)
		}
		checkOpen(t, turns)
	})
}

// maxFuzzed bounds the inputs, in bytes: feeding them bytewise takes time that
// grows with their square, and the limits above have tests of their own.
const maxFuzzed = 2048

// turnsOf cuts in where a client waits for an answer: behind each encryption
// request at its start. The last turn has the rest, maybe nothing.
func turnsOf(in []byte) [][]byte {
	var turns [][]byte
	for bytes.HasPrefix(in, sslRequest) || bytes.HasPrefix(in, gssencRequest) {
		turns = append(turns, in[:headerSize])
		in = in[headerSize:]
	}
	return append(turns, in)
}

func asksTwice(turns [][]byte) bool {
	seen := map[string]bool{}
	for _, request := range turns[:len(turns)-1] {
		if seen[string(request)] {
			return true
		}
		seen[string(request)] = true
	}
	return false
}

func play(t *testing.T, turns [][]byte, sizes []byte) *codectest.Session {
	s := codectest.Start(t, Front(Options{}))
	for _, turn := range turns {
		s.Client(codectest.Chop(turn, sizes)...)
	}
	return s
}

func same(a, b *codectest.Session) bool {
	return a.Action == b.Action && a.Failure == b.Failure &&
		bytes.Equal(a.Resource, b.Resource) && bytes.Equal(a.Wanted, b.Wanted) &&
		bytes.Equal(a.ToClient, b.ToClient)
}

func checkGlued(t *testing.T, in []byte, turns [][]byte, waiting *codectest.Session) {
	glued := play(t, [][]byte{in}, nil)
	if len(turns) == 1 || len(in) == headerSize {
		if !same(glued, waiting) {
			t.Fatalf("waiting %+v, at once %+v", waiting, glued)
		}
		return
	}
	if glued.Action != codecs.Fail || glued.Failure.Kind != codecs.Malformed || string(glued.ToClient) != "N" {
		t.Fatalf("bytes behind a request: %+v", glued)
	}
}

// checkDecoder compares with pgx, which knows two versions and takes an empty
// name for a parameter's, as the server doesn't.
func checkDecoder(t *testing.T, packet []byte, got *codectest.Session) {
	if len(packet) < headerSize {
		return
	}
	size, code := binary.BigEndian.Uint32(packet), binary.BigEndian.Uint32(packet[4:])
	if size > maxOpening || int(size) > len(packet) || code != version30 && code != version32 {
		return
	}
	var m pgproto3.StartupMessage
	err := m.Decode(packet[4:max(4, size)])
	_, nameless := m.Parameters[""]
	valid := err == nil && !nameless && m.Parameters["user"] != ""
	if routed := got.Action == codecs.Route; routed != valid {
		t.Fatalf("routed: %v, pgx reads %v, %v", routed, m.Parameters, err)
	}
	want := m.Parameters["database"]
	if want == "" {
		want = m.Parameters["user"]
	}
	if valid && string(got.Resource) != want {
		t.Fatalf("resource %q, pgx reads %q", got.Resource, want)
	}
}

func checkOpen(t *testing.T, turns [][]byte) {
	s := play(t, turns, nil)
	if s.Action != codecs.Route && s.Action != codecs.RouteKey {
		return
	}
	sent := turns[len(turns)-1]
	s.Open(codecs.Target{})
	if !bytes.Equal(s.ToBackend, sent) {
		t.Fatalf("the client sent %q, the backend heard %q", sent, s.ToBackend)
	}
	s = play(t, turns, nil)
	if s.Action == codecs.Route {
		checkRenamed(t, s)
	}
}

func checkRenamed(t *testing.T, s *codectest.Session) {
	s.Open(renaming("tenant_7"))
	if s.Action == codecs.Fail {
		if s.Failure.Kind != codecs.Internal {
			t.Fatalf("renamed: %+v", s.Failure)
		}
		return
	}
	again := play(t, [][]byte{s.ToBackend}, nil)
	if again.Action != codecs.Route || string(again.Resource) != "tenant_7" {
		t.Fatalf("renamed to %q: %+v", s.ToBackend, again)
	}
}
