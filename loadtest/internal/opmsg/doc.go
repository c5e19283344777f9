// Package opmsg is as much of MongoDB's wire protocol as a load test needs: it
// writes commands and reads what came of them. Sources: "MongoDB Wire Protocol"
// of MongoDB's documentation, and bsonspec.org. All integers are little endian:
//
//	         0        4            8            12     16      20  21
//	         ┌────────┬────────────┬────────────┬──────┬───────┬───┬──────────┐
//	message  │ length │ request id │ responseTo │ 2013 │ flags │ 0 │ document │
//	         └────────┴────────────┴────────────┴──────┴───────┴───┴──────────┘
//	         ┌────────┬──────┬─────────┬───────┬─────┬───┐
//	document │ length │ type │ name \0 │ value │ ... │ \0│
//	         └────────┴──────┴─────────┴───────┴─────┴───┘
package opmsg

const (
	headerSize = 16
	// documentAt is where a message's document begins: behind the flags and the
	// section's kind.
	documentAt = headerSize + 4 + 1
	// opMsg is the only operation that is written and read.
	opMsg = 2013
	// minDocument is an empty document: its length and its end.
	minDocument = 5
)

// kind is the type of a document's field.
type kind byte

// The types, by bsonspec.org's numbers.
const (
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
	kindCode      kind = 0x0d
	kindSymbol    kind = 0x0e
	kindInt32     kind = 0x10
	kindTimestamp kind = 0x11
	kindInt64     kind = 0x12
	kindDecimal   kind = 0x13
	kindMinKey    kind = 0xff
	kindMaxKey    kind = 0x7f
)
