package opmsg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// document builds one of raw fields.
func document(fields ...string) string {
	var body []byte
	for _, f := range fields {
		body = append(body, f...)
	}
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)+5))) + string(body) + "\x00"
}

// message builds a reply.
func message(to int32, document string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(documentAt+len(document)))
	b = binary.LittleEndian.AppendUint32(b, 99)
	b = binary.LittleEndian.AppendUint32(b, uint32(to))
	b = binary.LittleEndian.AppendUint32(b, opMsg)
	return append(append(b, 0, 0, 0, 0, 0), document...)
}

// Fields as they are on the wire.
const (
	ok       = "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f" // 1.0
	notOK    = "\x01ok\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	okInt    = "\x10ok\x00\x01\x00\x00\x00"
	okLong   = "\x12ok\x00\x01\x00\x00\x00\x00\x00\x00\x00"
	okBool   = "\x08ok\x00\x01"
	code     = "\x10code\x00\x1a\x00\x00\x00"
	ns       = "\x02ns\x00\x09\x00\x00\x00shop.all\x00"
	words    = "\x02errmsg\x00\x03\x00\x00\x00no\x00"
	others   = "\x05b\x00\x02\x00\x00\x00\x00xy\x07o\x00123456789012\x09d\x0012345678\x0an\x00\x11t\x0012345678\x13x\x001234567890123456"
	notAText = "\x10ns\x00\x01\x00\x00\x00"
)

func cursor(fields ...string) string { return "\x03cursor\x00" + document(fields...) }

func TestReplies(t *testing.T) {
	for _, tt := range []struct {
		document string
		want     Reply
	}{
		{document(ok), Reply{To: 7, OK: true}},
		{document(okInt), Reply{To: 7, OK: true}},
		{document(okLong), Reply{To: 7, OK: true}},
		{document(okBool), Reply{To: 7, OK: true}},
		{document(others, ok), Reply{To: 7, OK: true}},
		{document(notOK, words, code), Reply{To: 7, Code: 26}},
		{document(cursor(ns), ok), Reply{To: 7, OK: true, Namespace: "shop.all"}},
		{document(cursor(notAText), ok), Reply{To: 7, OK: true}},
		{document(), Reply{To: 7}},
	} {
		two := io.MultiReader(bytes.NewReader(message(7, tt.document)), bytes.NewReader(message(7, tt.document)))
		r := NewReader(iotest.OneByteReader(two))
		for range 2 {
			if got, err := r.Read(); err != nil || got != tt.want {
				t.Errorf("%q: %+v, %v, want %+v", tt.document, got, err, tt.want)
			}
		}
		if _, err := r.Read(); err != io.EOF {
			t.Errorf("behind the last: %v", err)
		}
	}
}

func TestMalformedReplies(t *testing.T) {
	good := message(7, document(ok))
	altered := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for name, said := range map[string][]byte{
		"too short": altered(0, documentAt+minDocument-1), "too long": altered(2, 0x10), "another operation": altered(12, 0),
		"flags": altered(headerSize, 1), "a section of kind 1": altered(documentAt-1, 1),
		"a document that ends early": altered(documentAt, 5), "one that doesn't end": altered(len(good)-1, 1),
		"a type that is none": altered(documentAt+4, 0x55), "a name that doesn't end": message(7, document("\x0aname")),
		"a text without room": message(7, document("\x02ns\x00\x00\x00\x00\x00")), "a text that is cut": message(7, document("\x02ns\x00\x09\x00\x00\x00shop")),
		"no length": message(7, document("\x02ns\x00\x09")), "a cursor that is none": message(7, document("\x10cursor\x00\x01\x00\x00\x00")),
		"a broken cursor": message(7, document(cursor("x"))),
	} {
		if got, err := NewReader(bytes.NewReader(said)).Read(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for n := 1; n < len(good); n++ {
		if _, err := NewReader(bytes.NewReader(good[:n])).Read(); err != io.ErrUnexpectedEOF {
			t.Errorf("%d of %d bytes: %v", n, len(good), err)
		}
	}
}

func TestCommand(t *testing.T) {
	buf := make([]byte, 0, 200)
	for range 2 { // in the same memory
		got := NewCommand(buf, 7).Text("find", "all").Document("filter", func(c *Command) { c.Int64("_id", 1) }).Int32("limit", 1).Message("shop")
		want := message(0, document("\x02find\x00\x04\x00\x00\x00all\x00", "\x03filter\x00"+document("\x12_id\x00\x01\x00\x00\x00\x00\x00\x00\x00"),
			"\x10limit\x00\x01\x00\x00\x00", "\x02$db\x00\x05\x00\x00\x00shop\x00"))
		want[4] = 7
		if !bytes.Equal(got, want) || &got[0] != &buf[:1][0] {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzRead holds a reader to its word: it takes a message or fails, however the
// bytes come.
func FuzzRead(f *testing.F) {
	f.Add(message(7, document(cursor(ns), ok)))
	f.Add(message(7, document(notOK, words, code)))
	f.Add(message(7, document(others)))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, err := NewReader(bytes.NewReader(in)).Read()
		pieces, again := NewReader(iotest.OneByteReader(bytes.NewReader(in))).Read()
		if whole != pieces || (err == nil) != (again == nil) {
			t.Errorf("whole %+v, %v; in pieces %+v, %v", whole, err, pieces, again)
		}
		if err == nil && (len(in) < documentAt+minDocument || whole.To != int32(binary.LittleEndian.Uint32(in[8:]))) {
			t.Errorf("%+v of %q", whole, in)
		}
	})
}
