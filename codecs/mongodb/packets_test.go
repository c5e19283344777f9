package mongodb

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// field is a field of a document that a test builds, as the functions of
// write.go append it.
type field func(dst []byte) []byte

func str(name, v string) field {
	return func(dst []byte) []byte { return appendText(dst, name, v) }
}

func num(name string, v int32) field {
	return func(dst []byte) []byte { return appendInt32(dst, name, v) }
}

func double(name string, v float64) field {
	return func(dst []byte) []byte { return appendDouble(dst, name, v) }
}

func boolean(name string, v bool) field {
	return func(dst []byte) []byte { return appendBool(dst, name, v) }
}

func sub(name string, fields ...field) field {
	return func(dst []byte) []byte { return append(appendName(dst, kindDocument, name), doc(fields...)...) }
}

func array(name string, fields ...field) field {
	return func(dst []byte) []byte { return append(appendName(dst, kindArray, name), doc(fields...)...) }
}

// raw is a field of any type and value.
func raw(k kind, name, value string) field {
	return func(dst []byte) []byte { return append(appendName(dst, k, name), value...) }
}

func doc(fields ...field) []byte {
	dst := openDocument(nil)
	for _, f := range fields {
		dst = f(dst)
	}
	return closeDocument(dst, 0)
}

// packet builds a message with a true length.
func packet(op opcode, id, to int32, body string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(headerSize+len(body)))
	b = binary.LittleEndian.AppendUint32(b, uint32(id))
	b = binary.LittleEndian.AppendUint32(b, uint32(to))
	b = binary.LittleEndian.AppendUint32(b, uint32(op))
	return append(b, body...)
}

// flagged builds an OP_MSG of sections.
func flagged(flags uint32, id int32, sections ...string) []byte {
	body := binary.LittleEndian.AppendUint32(nil, flags)
	for _, s := range sections {
		body = append(body, s...)
	}
	return packet(opMsg, id, 0, string(body))
}

// section0 and section1 build sections of an OP_MSG.
func section0(fields ...field) string { return "\x00" + string(doc(fields...)) }

func section1(name string, docs ...[]byte) string {
	body := append([]byte(name), 0)
	for _, d := range docs {
		body = append(body, d...)
	}
	return "\x01" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(body)))) + string(body)
}

// msg builds an OP_MSG that is a command.
func msg(id int32, fields ...field) []byte { return flagged(0, id, section0(fields...)) }

// query builds an OP_QUERY.
func query(id int32, collection string, fields ...field) []byte {
	return packet(opQuery, id, 0, "\x00\x00\x00\x00"+collection+"\x00"+"\x00\x00\x00\x00\xff\xff\xff\xff"+string(doc(fields...)))
}

// answered and oldReply build a backend's replies.
func answered(to int32, fields ...field) []byte {
	return packet(opMsg, 1000+to, to, "\x00\x00\x00\x00"+section0(fields...))
}

func oldReply(to int32, fields ...field) []byte {
	return packet(opReply, 1000+to, to, string(make([]byte, 16))+"\x01\x00\x00\x00"+string(doc(fields...)))
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// What drivers send.
var (
	clientInfo = sub("client", sub("application", str("name", "tenant-shop")), sub("driver", str("name", "test")))
	firstHello = query(1, "admin.$cmd", num("isMaster", 1), boolean("helloOk", true), clientInfo)
	nextHello  = msg(2, num("hello", 1), str("$db", "admin"))
	ping       = msg(3, num("ping", 1), str("$db", "admin"))
	find       = msg(4, str("find", "things"), sub("filter"), str("$db", "shop"))
	loginHello = msg(5, num("hello", 1), str("saslSupportedMechs", "shop.alice"), str("$db", "admin"))
	insert     = flagged(0, 6, section0(str("insert", "things"), str("$db", "shop")), section1("documents", doc(num("n", 1)), doc(num("n", 2))))
	ok         = answered(4, double("ok", 1))
)

// decoded is a reply as a client reads it.
type decoded struct {
	to     int32
	legacy bool
	fields map[string]any
}

// decode reads all the messages the client was sent, by rules of its own.
func decode(t testing.TB, b []byte) []decoded {
	t.Helper()
	var all []decoded
	for len(b) > 0 {
		if len(b) < headerSize || int(binary.LittleEndian.Uint32(b)) > len(b) {
			t.Fatalf("no message: %q", b)
		}
		size := int(binary.LittleEndian.Uint32(b))
		d := decoded{to: int32(binary.LittleEndian.Uint32(b[8:])), legacy: b[12] == 1}
		at := headerSize + 5
		if d.legacy {
			at = 36
		}
		fields, rest := plainDocument(t, b[at:size])
		if len(rest) > 0 {
			t.Fatalf("%q follows the document", rest)
		}
		d.fields = fields
		all, b = append(all, d), b[size:]
	}
	return all
}

// plainDocument decodes a document of the types our replies have.
func plainDocument(t testing.TB, b []byte) (map[string]any, []byte) {
	t.Helper()
	size := int(binary.LittleEndian.Uint32(b))
	rest, b := b[size:], b[4:size]
	fields := map[string]any{}
	for b[0] != 0 {
		var name, value = b[1:], any(nil)
		end := 0
		for name[end] != 0 {
			end++
		}
		kind, v := b[0], name[end+1:]
		switch kind {
		case 1, 9, 18:
			value, b = binary.LittleEndian.Uint64(v), v[8:]
		case 2:
			n := binary.LittleEndian.Uint32(v)
			value, b = string(v[4:4+n-1]), v[4+n:]
		case 3, 4:
			value, b = plainDocument(t, v)
		case 8:
			value, b = v[0] == 1, v[1:]
		case 16:
			value, b = int32(binary.LittleEndian.Uint32(v)), v[4:]
		default:
			t.Fatalf("type %d in %q", kind, b)
		}
		fields[string(name[:end])] = value
	}
	if len(b) != 1 {
		t.Fatalf("%q follows the last field", b)
	}
	return fields, rest
}

// one decodes the only message the client was sent.
func one(t testing.TB, b []byte) decoded {
	t.Helper()
	all := decode(t, b)
	if len(all) != 1 {
		t.Fatalf("%d messages, want one: %q", len(all), b)
	}
	return all[0]
}

// one64 is how plainDocument reads the 1.0 that says ok.
const one64 = uint64(0x3ff0000000000000)

// routed returns a session that has been routed by what was sent.
func routed(t testing.TB, o Options, sent ...[]byte) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, standing(Front(o), nil))
	s.Client(sent...)
	if s.Action != codecs.Route {
		t.Fatalf("action %d: %+v", s.Action, s.Failure)
	}
	return s
}

// stood returns a session that stands, routed by find and pinned to shop, with
// nothing said by the backend yet and what was sent so far forgotten.
func stood(t testing.TB, o Options) *codectest.Session {
	t.Helper()
	s := routed(t, o, find)
	s.Open(codecs.Target{})
	s.Backend(ok)
	s.ToBackend, s.ToClient = nil, nil
	return s
}

// standing has codectest, which knows sessions no longer than to their relay,
// go on with one that stands. What is asked of other resources is answered by
// elsewhere: true ends the session.
func standing(f codecs.Front, elsewhere func(id string) bool) codecs.Front {
	inner := f.New
	f.New = func() codecs.Codec {
		c := inner()
		return &stander{Codec: c, Upgrader: c.(codecs.Upgrader), elsewhere: elsewhere}
	}
	return f
}

type stander struct {
	codecs.Codec
	codecs.Upgrader
	elsewhere func(id string) bool
}

func (s *stander) Open(in []byte, t codecs.Target) codecs.Step { return stays(s.Codec.Open(in, t)) }

func (s *stander) Backend(in []byte) codecs.Step { return stays(s.Codec.Backend(in)) }

func stays(step codecs.Step) codecs.Step {
	if step.Action == codecs.Stand {
		step.Action = codecs.More
	}
	return step
}

func (s *stander) Client(in []byte) codecs.Step {
	step := s.Codec.Client(in)
	if step.Action != codecs.Route || step.ToBackend == nil {
		return stays(step)
	}
	id := string(step.Resource)
	step.Action, step.Resource = codecs.More, nil
	if s.elsewhere == nil || s.elsewhere(id) {
		step.Action, step.Failure = codecs.Fail, codecs.Failure{Kind: codecs.Forbidden, Resource: id}
		return step
	}
	return s.goOn(step, in[step.Consumed:])
}

// goOn opens again, and goes on with the bytes that the step has left.
func (s *stander) goOn(step codecs.Step, rest []byte) codecs.Step {
	passed := bytes.Clone(step.ToBackend)
	if again := s.Codec.Open(rest, codecs.Target{}); again.Consumed > 0 || again.Action == codecs.Fail {
		return again
	}
	next := s.Client(rest)
	next.ToBackend = append(passed, next.ToBackend...)
	next.Consumed += step.Consumed
	return next
}
