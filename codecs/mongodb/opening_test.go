package mongodb

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// hidden is a host that the client is not to hear of.
const hidden = "hidden.invalid:27017"

var helloReply = oldReply(1, boolean("ismaster", true), array("hosts", str("0", hidden)), double("ok", 1))

// The first hello goes to the backend before the command, and its reply to
// nobody, however the reply comes.
func TestCommandRoutes(t *testing.T) {
	for _, show := range []bool{false, true} {
		for chunks := range codectest.Splits(join(helloReply, ok)) {
			s := routed(t, Options{ShowTopology: show}, firstHello, ping, find)
			s.ToClient = nil
			s.Open(codecs.Target{})
			if want := join(firstHello, find); !bytes.Equal(s.ToBackend, want) {
				t.Fatalf("the backend heard %q, want %q", s.ToBackend, want)
			}
			s.Backend(chunks...)
			if !bytes.Equal(s.ToClient, ok) || len(s.FromBackend) > 0 {
				t.Fatalf("shown %v, %d chunks: the client heard %q, %q is left", show, len(chunks), s.ToClient, s.FromBackend)
			}
			if relays := s.Action == codecs.Relay; relays != show {
				t.Fatalf("shown %v: action %d", show, s.Action)
			}
		}
	}
}

// Without a hello there is nothing to replay.
func TestCommandRoutesWithoutAHello(t *testing.T) {
	for _, sent := range [][]byte{find, join(firstHello, nextHello, find), join(flagged(flagExhaust, 1, section0(num("hello", 1))), find),
		join(msg(1, num("hello", 1), num("maxAwaitTimeMS", 10)), find)} {
		for _, show := range []bool{false, true} {
			s := routed(t, Options{ShowTopology: show}, sent)
			s.Open(codecs.Target{})
			if !bytes.Equal(s.ToBackend, find) {
				t.Errorf("the backend heard %q", s.ToBackend)
			}
			if relays := s.Action == codecs.Relay; relays != show {
				t.Fatalf("shown %v: action %d", show, s.Action)
			}
		}
	}
}

// The session stands once the backend has answered the hello, not before.
func TestStandsOnceTheBackendHasAnswered(t *testing.T) {
	c := Front(Options{}).New()
	c.Client(firstHello)
	c.Client(find)
	if step := c.Open(find, codecs.Target{}); step.Action != codecs.More || !bytes.Equal(step.ToBackend, firstHello) {
		t.Fatalf("%+v", step)
	}
	c.Client(find)
	if step := c.Backend(helloReply); step.Action != codecs.Stand || step.Consumed != len(helloReply) {
		t.Errorf("%+v", step)
	}
}

// loginReply is the backend's answer to a hello that logs in.
func loginReply(legacy bool, fields ...field) []byte {
	if legacy {
		return oldReply(1, fields...)
	}
	return answered(5, fields...)
}

func TestHelloRoutes(t *testing.T) {
	legacyLogin := query(1, "admin.$cmd", num("isMaster", 1), boolean("helloOk", true), sub("speculativeAuthenticate", str("db", "shop")))
	for _, tt := range []struct {
		name   string
		login  []byte
		legacy bool
		fields map[string]any
	}{
		{"OP_MSG", loginHello, false, map[string]any{"isWritablePrimary": true}},
		{"OP_QUERY", legacyLogin, true, map[string]any{"ismaster": true, "helloOk": true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reply := loginReply(tt.legacy, boolean("ismaster", true), array("hosts", str("0", hidden)), str("setName", "rs0"),
				array("saslSupportedMechs", str("0", "SCRAM-SHA-256")), num("maxWireVersion", 25),
				sub("speculativeAuthenticate", num("conversationId", 1)), array("compression", str("0", "zstd")), double("ok", 1))
			tt.fields["saslSupportedMechs"] = map[string]any{"0": "SCRAM-SHA-256"}
			tt.fields["speculativeAuthenticate"] = map[string]any{"conversationId": int32(1)}
			tt.fields["compression"] = map[string]any{"0": "zstd"}
			want := decoded{legacy: tt.legacy, fields: mongos(tt.fields), to: 5}
			if tt.legacy {
				want.to = 1
			}
			for chunks := range codectest.Splits(reply) {
				s := routed(t, settings, tt.login)
				s.Open(codecs.Target{})
				if !bytes.Equal(s.ToBackend, tt.login) {
					t.Fatalf("the backend heard %q", s.ToBackend)
				}
				s.Backend(chunks...)
				if got := one(t, s.ToClient); !equal(got, want) || s.Action != codecs.More {
					t.Fatalf("%+v, want %+v, %+v", got, want, s.Failure)
				}
			}
		})
	}
}

func TestHelloRoutesAndIsRefused(t *testing.T) {
	for _, refusal := range [][]byte{
		answered(5, double("ok", 0), str("errmsg", "no")), answered(5, num("ok", 0)), answered(5, boolean("ok", false)), answered(5),
	} {
		s := routed(t, Options{}, loginHello)
		s.Open(codecs.Target{})
		s.Backend(refusal, ok)
		if !bytes.Equal(s.ToClient, join(refusal, ok)) {
			t.Errorf("the client heard %q", s.ToClient)
		}
	}
}

func TestHelloRoutesShown(t *testing.T) {
	s := routed(t, Options{ShowTopology: true}, loginHello)
	s.Open(codecs.Target{})
	if s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, loginHello) {
		t.Errorf("action %d, the backend heard %q", s.Action, s.ToBackend)
	}
}

func TestBackendsThatAreNone(t *testing.T) {
	long := packet(opMsg, 1, 5, string(make([]byte, maxBuffered)))
	for name, said := range map[string][]byte{
		"HTTP": []byte("HTTP/1.1 400 Bad Request"), "no document": answered(5)[:21], "another message": packet(opCompressed, 1, 5, "x"),
		"too long": long, "no flags": packet(opMsg, 1, 5, ""), "no end": packet(opReply, 1, 5, "x"),
	} {
		if name == "no document" {
			said = lengthened(said, uint32(len(said)))
		}
		s := routed(t, Options{}, loginHello)
		s.Open(codecs.Target{})
		s.Backend(said)
		if want := (codecs.Failure{Kind: codecs.Unavailable, Detail: detailBackend, Backend: codecs.BackendForeign}); s.Action != codecs.Fail || s.Failure != want {
			t.Errorf("%s: action %d, %+v", name, s.Action, s.Failure)
		}
		if said := one(t, s.Refuse(s.Failure)); said.to != 5 || said.fields["code"] != int32(6) {
			t.Errorf("%s: %+v", name, said)
		}
	}
	s := routed(t, Options{}, firstHello, find)
	s.Open(codecs.Target{})
	s.Backend([]byte("HTTP/1.1 400 Bad Request"))
	if s.Action != codecs.Fail || s.Failure.Kind != codecs.Unavailable || one(t, s.Refuse(s.Failure)).to != 4 {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

func TestRenaming(t *testing.T) {
	login := msg(1, num("saslStart", 1), str("$db", "shop"))
	for _, sent := range [][]byte{find, insert, login, loginHello, speculative(1, str("db", "shop"))} {
		for database, want := range map[string]codecs.Failure{"": {}, "shop": {}, "tenant_7": {Kind: codecs.Internal, Detail: detailRename}} {
			s := routed(t, Options{}, sent)
			s.Open(codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: database}})
			if s.Failure != want || (s.Action == codecs.Fail) != (want != codecs.Failure{}) {
				t.Errorf("%q: action %d, %+v, want %+v", database, s.Action, s.Failure, want)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		phaseServing.String(): "serving", phaseReplaying.String(): "replaying", phaseGreeting.String(): "greeting",
		phaseStanding.String(): "standing", (phaseStanding + 1).String(): "unknown",
		byCommand.String(): "command", byHello.String(): "hello", byLogin.String(): "login",
		opReply.String(): "OP_REPLY", opUpdate.String(): "OP_UPDATE", opInsert.String(): "OP_INSERT", opQuery.String(): "OP_QUERY",
		opGetMore.String(): "OP_GET_MORE", opDelete.String(): "OP_DELETE", opKillCursors.String(): "OP_KILL_CURSORS",
		opCompressed.String(): "OP_COMPRESSED", opMsg.String(): "OP_MSG",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if (byLogin+1).String() != "unknown" || opcode(2).String() != "unknown" {
		t.Error("a value that isn't has a name")
	}
}

func TestFront(t *testing.T) {
	f := Front(Options{})
	if f.Protocol != codecs.MongoDB || !f.ClientFirst || f.Negotiates || f.MaxPending != 65536 {
		t.Errorf("%+v", f)
	}
}
