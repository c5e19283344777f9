package mongodb

import (
	"bytes"
	"encoding/binary"
)

// kind is the type of a BSON value (bsonspec.org, version 1.1).
type kind byte

const (
	kindEnd       kind = 0 // not a value: ends a document
	kindDouble    kind = 0x01
	kindString    kind = 0x02
	kindDocument  kind = 0x03
	kindArray     kind = 0x04
	kindBinary    kind = 0x05
	kindUndefined kind = 0x06
	kindObjectID  kind = 0x07
	kindBool      kind = 0x08
	kindDate      kind = 0x09
	kindNull      kind = 0x0a
	kindRegex     kind = 0x0b
	kindPointer   kind = 0x0c
	kindCode      kind = 0x0d
	kindSymbol    kind = 0x0e
	kindScoped    kind = 0x0f
	kindInt32     kind = 0x10
	kindTimestamp kind = 0x11
	kindInt64     kind = 0x12
	kindDecimal   kind = 0x13
	kindMin       kind = 0xff
	kindMax       kind = 0x7f
)

// minDocument is the length of an empty document, in bytes.
const minDocument = 5

// element is a field of a document, or its end. It aliases the document.
type element struct {
	kind kind
	name []byte
	// value is the value's bytes, or as many of them as there are.
	value []byte
	// size is the whole element's, in bytes.
	size int
}

// is reports whether the element has that name and type.
func (e *element) is(name string, k kind) bool {
	return e.kind == k && string(e.name) == name
}

// text returns the text of a string value that is whole.
func (e *element) text() []byte { return e.value[4 : len(e.value)-1] }

// readElement reads the element at the start of b. Its value may be longer
// than b: size tells.
func readElement(b []byte) (element, verdict) {
	if len(b) == 0 {
		return element{}, short
	}
	if kind(b[0]) == kindEnd {
		return element{size: 1}, fine
	}
	end := bytes.IndexByte(b[1:], 0)
	if end < 0 {
		return element{}, short
	}
	head := end + 2
	size, v := valueSize(kind(b[0]), b[head:])
	return element{
		kind:  kind(b[0]),
		name:  b[1 : head-1],
		value: b[head:min(head+size, len(b))],
		size:  head + size,
	}, v
}

// valueSize returns the length of the value at the start of b, in bytes.
func valueSize(k kind, b []byte) (int, verdict) {
	switch k {
	case kindUndefined, kindNull, kindMin, kindMax:
		return 0, fine
	case kindBool:
		return 1, fine
	case kindInt32:
		return 4, fine
	case kindDouble, kindDate, kindTimestamp, kindInt64:
		return 8, fine
	case kindObjectID:
		return 12, fine
	case kindDecimal:
		return 16, fine
	case kindString, kindCode, kindSymbol:
		return prefixed(b, 4, 1)
	case kindPointer:
		return prefixed(b, 4+12, 1)
	case kindBinary:
		return prefixed(b, 4+1, 0)
	case kindDocument, kindArray:
		return prefixed(b, 0, minDocument)
	case kindScoped:
		return prefixed(b, 0, 4+4+1+minDocument)
	case kindRegex:
		return twoStrings(b)
	default:
		return 0, broken
	}
}

// prefixed returns the length of a value that begins with a length, which is
// least or more and leaves out extra bytes of the value.
func prefixed(b []byte, extra, least int) (int, verdict) {
	if len(b) < 4 {
		return 0, short
	}
	n := binary.LittleEndian.Uint32(b)
	if n > maxMessage || int(n) < least {
		return 0, broken
	}
	return int(n) + extra, fine
}

// twoStrings returns the length of two strings that end in NUL.
func twoStrings(b []byte) (int, verdict) {
	first := bytes.IndexByte(b, 0)
	if first < 0 {
		return 0, short
	}
	second := bytes.IndexByte(b[first+1:], 0)
	if second < 0 {
		return 0, short
	}
	return first + second + 2, fine
}

// document walks over the fields of a document without copying them.
type document struct {
	element
	rest []byte
	// whole says that the document has ended where its length says.
	whole bool
}

// readDocument returns the document that b is, before its first field; ok is
// false if its length says something else.
func readDocument(b []byte) (d document, ok bool) {
	if len(b) < minDocument || int64(binary.LittleEndian.Uint32(b)) != int64(len(b)) {
		return document{}, false
	}
	return document{rest: b[4:]}, true
}

// next moves to the next field and reports whether there is one. It walks over
// the fields only: what documents within it hold isn't looked at.
func (d *document) next() bool {
	e, v := readElement(d.rest)
	if v != fine || e.size > len(d.rest) || e.kind == kindString && !terminated(e.value) {
		return false
	}
	if e.kind == kindEnd {
		d.whole = len(d.rest) == 1
		return false
	}
	d.element, d.rest = e, d.rest[e.size:]
	return true
}

// terminated reports whether a string's last byte is the NUL it must be.
func terminated(value []byte) bool { return value[len(value)-1] == 0 }

// lookup returns the first field of that name and type in the document that b
// is.
func lookup(b []byte, name string, k kind) (element, bool) {
	d, ok := readDocument(b)
	for ok && d.next() {
		if d.is(name, k) {
			return d.element, true
		}
	}
	return element{}, false
}
