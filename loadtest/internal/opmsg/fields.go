package opmsg

import (
	"bytes"
	"encoding/binary"
	"math"
)

// field is a field of a document.
type field struct {
	kind  kind
	name  []byte
	value []byte
}

// fields calls visit for each field of the document, and reports whether it is a
// whole one. Its own documents are not looked into.
func fields(document []byte, visit func(field)) (valid bool) {
	if len(document) < minDocument || int64(binary.LittleEndian.Uint32(document)) != int64(len(document)) {
		return false
	}
	rest := document[4:]
	for len(rest) > 1 {
		f, size, ok := readField(rest)
		if !ok {
			return false
		}
		visit(f)
		rest = rest[size:]
	}
	return len(rest) == 1 && rest[0] == 0
}

// readField reads the field that b begins with. Behind it there must be another
// byte, the document's end at least.
func readField(b []byte) (f field, size int, ok bool) {
	name, rest, ended := bytes.Cut(b[1:], []byte{0})
	if !ended {
		return field{}, 0, false
	}
	n := valueSize(kind(b[0]), rest)
	if n < 0 || n >= int64(len(rest)) {
		return field{}, 0, false
	}
	return field{kind(b[0]), name, rest[:n]}, 1 + len(name) + 1 + int(n), true
}

// valueSize returns how long the value that b begins with is, -1 if that can't
// be told, as of the types that no reply has.
func valueSize(k kind, b []byte) int64 {
	switch k {
	case kindUndefined, kindNull, kindMinKey, kindMaxKey:
		return 0
	case kindBool:
		return 1
	case kindInt32:
		return 4
	case kindDouble, kindDate, kindTimestamp, kindInt64:
		return 8
	case kindObjectID:
		return 12
	case kindDecimal:
		return 16
	case kindString, kindCode, kindSymbol:
		return prefixed(b, 4, 1)
	case kindBinary:
		return prefixed(b, 5, 0)
	case kindDocument, kindArray:
		return prefixed(b, 0, minDocument)
	default:
		return -1
	}
}

// prefixed is the length of what begins with its own, of at least least, which
// doesn't count the first beside bytes.
func prefixed(b []byte, beside, least int64) int64 {
	if len(b) < 4 {
		return -1
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n < least {
		return -1
	}
	return beside + n
}

// number is the value of a number, 0 of anything else.
func (f field) number() float64 {
	switch f.kind {
	case kindDouble:
		return math.Float64frombits(binary.LittleEndian.Uint64(f.value))
	case kindInt32:
		return float64(int32(binary.LittleEndian.Uint32(f.value)))
	case kindInt64:
		return float64(int64(binary.LittleEndian.Uint64(f.value)))
	case kindBool:
		return float64(f.value[0])
	}
	return 0
}

// text is the value of a string, "" of anything else.
func (f field) text() string {
	if f.kind != kindString {
		return ""
	}
	return string(f.value[4 : len(f.value)-1])
}
