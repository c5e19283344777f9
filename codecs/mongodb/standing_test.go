package mongodb

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// request4 is a command whose reply is ok.
var request4 = msg(4, str("find", "things"), str("$db", "shop"))

func exhaust(to int32, more bool) []byte {
	b := answered(to, num("n", to), double("ok", 1))
	if more {
		b[headerSize] = byte(flagMoreToCome)
	}
	return b
}

// What a client says while its session stands passes untouched, but for its
// hellos, however it comes.
func TestStandingPasses(t *testing.T) {
	for _, tt := range []struct {
		name         string
		sent, passes []byte
		hellos       int
	}{
		{"a command", request4, request4, 0},
		{"a hello", nextHello, nil, 1},
		{"an old hello", firstHello, nil, 1},
		{"a hello before a command", join(nextHello, request4), request4, 1},
		{"an insert", insert, insert, 0},
		{"a hello nobody awaits", join(flagged(flagMoreToCome, 9, section0(num("hello", 1))), request4), request4, 0},
		{"a hello behind a write nobody awaits", join(flagged(flagMoreToCome, 9, section0(str("insert", "x"), str("$db", "shop"))), nextHello),
			flagged(flagMoreToCome, 9, section0(str("insert", "x"), str("$db", "shop"))), 1},
		{"nothing", flagged(0, 1), flagged(0, 1), 0},
		{"no command", flagged(0, 1, section0()), flagged(0, 1, section0()), 0},
		{"a name like hello", msg(1, num("hello2", 1), str("$db", "shop")), msg(1, num("hello2", 1), str("$db", "shop")), 0},
		{"a hello in the second section", flagged(0, 1, section1("x"), section0(num("hello", 1))), flagged(0, 1, section1("x"), section0(num("hello", 1))), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(tt.sent) {
				s := stood(t, Options{})
				s.Client(chunks...)
				if s.Action != codecs.More || !bytes.Equal(s.ToBackend, tt.passes) || len(s.FromClient) > 0 {
					t.Fatalf("%d chunks: action %d, %+v, the backend heard %q, %q is left", len(chunks), s.Action, s.Failure, s.ToBackend, s.FromClient)
				}
				if got := decode(t, s.ToClient); len(got) != tt.hellos {
					t.Fatalf("%d chunks: the client heard %+v", len(chunks), got)
				}
			}
		})
	}
}

// A login leaves the session unpinned: everything passes.
func TestStandingUnpinnedPasses(t *testing.T) {
	for name, sent := range map[string][]byte{
		"compressed":    packet(opCompressed, 7, 0, "whatever"),
		"OP_QUERY":      query(7, "crm.things", num("x", 1)),
		"a long one":    packet(opQuery, 7, 0, strings.Repeat("x", maxBuffered)),
		"an old insert": packet(opInsert, 7, 0, "x"),
		"another":       msg(7, str("find", "x"), str("$db", "crm")),
		"a broken one":  msg(7, str("find", "x"), raw(0x20, "x", "")),
	} {
		for _, chunks := range [][][]byte{{sent}, codectest.Chop(sent, []byte{7, 250})} {
			s := routed(t, Options{}, msg(5, num("saslStart", 1), str("$db", "shop")))
			s.Open(codecs.Target{})
			s.ToBackend = nil
			s.Client(chunks...)
			if s.Action != codecs.More || !bytes.Equal(s.ToBackend, sent) {
				t.Errorf("%s: action %d, %+v, the backend heard %d bytes of %d", name, s.Action, s.Failure, len(s.ToBackend), len(sent))
			}
		}
	}
}

// The backend's replies pass untouched, however they come.
func TestStandingReplies(t *testing.T) {
	said := join(ok, exhaust(1, true), exhaust(2, false), oldReply(3), packet(opCompressed, 1, 2, ""), answered(5, str("x", strings.Repeat("y", 100))))
	for chunks := range codectest.Splits(said) {
		s := stood(t, Options{})
		s.Backend(chunks...)
		if s.Action != codecs.More || !bytes.Equal(s.ToClient, said) || len(s.FromBackend) > 0 {
			t.Fatalf("%d chunks: action %d, the client heard %q", len(chunks), s.Action, s.ToClient)
		}
	}
}

// A hello is answered in its turn: behind the replies to what was asked before
// it, all of them if they are a stream, and not within one.
func TestLateAnswers(t *testing.T) {
	stream := flagged(flagExhaust, 1, section0(str("getMore", "x"), str("$db", "shop")))
	for _, tt := range []struct {
		name         string
		sent         []byte
		before, then []byte
	}{
		{"behind a command", join(request4, nextHello), ok, nil},
		{"behind two", join(request4, request4, nextHello), join(ok, ok), nil},
		{"between two", join(request4, nextHello, request4), ok, ok},
		{"behind a stream", join(stream, nextHello), join(exhaust(1, true), exhaust(2, true), exhaust(3, false)), ok},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(join(tt.before, tt.then)) {
				s := stood(t, Options{})
				s.Client(tt.sent)
				if len(s.ToClient) > 0 {
					t.Fatalf("the client heard %q too early", s.ToClient)
				}
				s.Backend(chunks...)
				rest, found := bytes.CutPrefix(s.ToClient, tt.before)
				answer, then := bytes.CutSuffix(rest, tt.then)
				if !found || !then || one(t, answer).to != 2 {
					t.Fatalf("%d chunks: the client heard %q", len(chunks), s.ToClient)
				}
			}
		})
	}
}

func TestAnswersNotWithinAReply(t *testing.T) {
	s := routed(t, Options{}, msg(5, num("saslStart", 1), str("$db", "shop")))
	s.Open(codecs.Target{})
	s.Client(packet(opCompressed, 7, 0, "x"))
	s.Backend(answered(5, double("ok", 1)))
	s.ToClient = nil
	s.Backend(ok[:30])
	s.Client(nextHello)
	if !bytes.Equal(s.ToClient, ok[:30]) {
		t.Fatalf("the client heard %q", s.ToClient)
	}
	if len(s.Refuse(codecs.Failure{Kind: codecs.Unavailable})) > 0 {
		t.Error("a refusal within a reply")
	}
}

func TestTwoLateHellos(t *testing.T) {
	s := stood(t, Options{})
	s.Client(request4, nextHello, nextHello)
	if s.Action != codecs.Fail || s.Failure != malformed(detailPipelined) {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

func TestStandingHostile(t *testing.T) {
	for _, tt := range []struct {
		name string
		sent []byte
		want codecs.Failure
	}{
		{"no length", lengthened(request4, 3), malformed(detailHeader)},
		{"no opcode", packet(3, 1, 0, ""), malformed(detailHeader)},
		{"no flags", packet(opMsg, 1, 0, ""), malformed(detailHeader)},
		{"compressed", packet(opCompressed, 1, 0, "x"), unsupported(detailPinned)},
		{"OP_QUERY", query(1, "shop.$cmd", num("ping", 1)), unsupported(detailPinned)},
		{"OP_DELETE", packet(opDelete, 1, 0, "x"), unsupported(detailPinned)},
		{"a broken section", flagged(0, 1, "\x03abcdefg"), malformed(detailSections)},
		{"a broken hello", flagged(0, 1, section0(num("hello", 1)), section1("x")), malformed(detailHello)},
		{"a hello longer than it may be", flagged(0, 1, section0(num("hello", 1), str("x", strings.Repeat("x", maxBuffered)))), malformed(detailLong)},
		{"a hello without room", flagged(flagChecksum, 1, section0(num("hello", 1))), malformed(detailSections)},
		{"a broken $db", msg(1, str("find", "x"), str("$db", "a/b")), malformed(detailDatabase)},
	} {
		s := stood(t, Options{})
		s.Client(tt.sent)
		if s.Action != codecs.Fail || s.Failure != tt.want {
			t.Errorf("%s: action %d, %+v, want %+v", tt.name, s.Action, s.Failure, tt.want)
		}
	}
	s := stood(t, Options{})
	s.Client(request4)
	s.Backend(join(ok, []byte("nonsense")))
	if s.Action != codecs.Fail || s.Failure.Detail != detailBackend || !bytes.Equal(s.ToClient, ok) {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

func databased(name string) []byte {
	return msg(7, str("find", "x"), sub("filter", num("n", 1)), str("$db", name))
}

// Another database is asked for, and what is at the same backend isn't asked
// for again.
func TestPins(t *testing.T) {
	var asked []string
	front := standing(Front(Options{}), func(id string) bool { asked = append(asked, id); return id == "crm" })
	sent := join(find, databased("admin"), databased("config"), databased("local"), databased("also"), databased("shop"), databased("also"))
	for chunks := range codectest.Splits(sent) {
		asked = nil
		s := codectest.Start(t, front)
		for _, chunk := range chunks {
			s.Client(chunk)
			if s.Action == codecs.Route {
				s.Open(codecs.Target{})
			}
		}
		if s.Action != codecs.More || !bytes.Equal(s.ToBackend, sent) || strings.Join(asked, " ") != "also" {
			t.Fatalf("%d chunks: action %d, %+v, asked for %q, the backend heard %q", len(chunks), s.Action, s.Failure, asked, s.ToBackend)
		}
		s.Client(databased("crm"))
		if s.Action != codecs.Fail || bytes.HasSuffix(s.ToBackend, []byte("crm\x00\x00")) {
			t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
		}
		said := one(t, s.Refuse(s.Failure))
		if said.to != 7 || said.fields["code"] != int32(13) || said.fields["errmsg"] != `not allowed to use database "crm": `+detailElsewhere {
			t.Fatalf("%+v", said)
		}
	}
}

func TestPinsForget(t *testing.T) {
	asked := 0
	s := codectest.Start(t, standing(Front(Options{}), func(string) bool { asked++; return false }))
	s.Client(find)
	s.Open(codecs.Target{})
	for i := range 2 * maxPins {
		s.Client(databased("db" + string(rune('a'+i))))
	}
	s.Client(databased("shop"))
	if asked != 2*maxPins+1 || s.Action != codecs.More {
		t.Errorf("asked %d times, action %d", asked, s.Action)
	}
}

func TestPinsCutNames(t *testing.T) {
	var asked []string
	o := Options{ResourcePattern: compiled(t, "^([a-z]+)_")}
	s := codectest.Start(t, standing(Front(o), func(id string) bool { asked = append(asked, id); return false }))
	s.Client(databased("acme_shop"))
	s.Open(codecs.Target{})
	s.Client(databased("other_shop"), databased("nobody"))
	if len(asked) != 1 || asked[0] != "other" || s.Action != codecs.Fail || s.Failure.Kind != codecs.NotFound {
		t.Errorf("asked for %q, action %d, %+v", asked, s.Action, s.Failure)
	}
}

// The codec's own step: all before the $db has passed, and it is asked for.
func TestAsking(t *testing.T) {
	c := Front(Options{}).New()
	c.Client(find)
	if step := c.Open(find, codecs.Target{}); step.Action != codecs.Stand || step.Consumed != 0 {
		t.Fatalf("%+v", step)
	}
	c.Client(find)
	c.Backend(ok)
	sent := databased("crm")
	step := c.Client(sent)
	at := bytes.Index(sent, []byte("\x02$db"))
	if step.Action != codecs.Route || string(step.Resource) != "crm" || step.Consumed != at || !bytes.Equal(step.ToBackend, sent[:at]) {
		t.Fatalf("%+v", step)
	}
	if step := c.Open(sent[at:], codecs.Target{}); step.Action != codecs.Stand || step.Consumed != 0 {
		t.Fatalf("%+v", step)
	}
	if step := c.Client(sent[at:]); step.Action != codecs.More || !bytes.Equal(step.ToBackend, sent[at:]) {
		t.Errorf("%+v", step)
	}
}

// A resolver can't rename another database either.
func TestAskingRenames(t *testing.T) {
	for name, action := range map[string]codecs.Action{"crm": codecs.Stand, "": codecs.Stand, "other": codecs.Fail} {
		c := Front(Options{}).New()
		c.Client(find)
		c.Open(find, codecs.Target{})
		c.Client(find)
		sent := databased("crm")
		at := c.Client(sent).Consumed
		step := c.Open(sent[at:], codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: name}})
		if step.Action != action || action == codecs.Fail && step.Failure != (codecs.Failure{Kind: codecs.Internal, Detail: detailRename}) {
			t.Errorf("%q: %+v", name, step)
		}
	}
}

// Until the session stands, a request that must be asked for waits at its $db.
func TestAskingWaits(t *testing.T) {
	c := Front(Options{}).New()
	c.Client(firstHello)
	c.Client(find)
	c.Open(find, codecs.Target{})
	c.Client(find)
	sent := databased("crm")
	step := c.Client(sent)
	at := bytes.Index(sent, []byte("\x02$db"))
	if step.Action != codecs.More || step.Consumed != at || !bytes.Equal(step.ToBackend, sent[:at]) {
		t.Fatalf("%+v", step)
	}
	if step := c.Client(sent[at:]); step.Action != codecs.More || step.Consumed != 0 || len(step.ToBackend) > 0 {
		t.Fatalf("%+v", step)
	}
	if step := c.Backend(helloReply); step.Action != codecs.Stand {
		t.Fatalf("%+v", step)
	}
	if step := c.Client(sent[at:]); step.Action != codecs.Route || string(step.Resource) != "crm" || step.Consumed != 0 {
		t.Errorf("%+v", step)
	}
}

// The same before the backend has answered the hello that was replayed.
func TestAskingEarly(t *testing.T) {
	s := codectest.Start(t, standing(Front(Options{}), func(string) bool { return false }))
	s.Client(firstHello, find)
	s.Open(codecs.Target{})
	s.Client(databased("also"))
	s.Backend(helloReply, ok, ok)
	if want := join(firstHello, find, databased("also")); !bytes.Equal(s.ToBackend, want) || len(decode(t, s.ToClient)) != 3 {
		t.Errorf("the backend heard %q, the client %q", s.ToBackend, s.ToClient)
	}
}

// A hello may come in pieces.
func TestStandingHelloInPieces(t *testing.T) {
	s := stood(t, Options{})
	s.Client(nextHello[:40], nextHello[40:])
	if one(t, s.ToClient).to != 2 || len(s.ToBackend) > 0 {
		t.Errorf("the backend heard %q", s.ToBackend)
	}
}
