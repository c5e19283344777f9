package mongodb

import "encoding/binary"

const (
	// headerSize is the length, in bytes, of what every message begins with.
	headerSize = 16
	// flagsSize is the length of an OP_MSG's flags, which follow the header.
	flagsSize = 4
	// maxMessage is the longest message a server takes, in bytes, header
	// included (MaxMessageSizeBytes of the server; maxMessageSizeBytes of
	// hello).
	maxMessage = 48_000_000
	// maxBuffered is the length of the longest message that is read as a whole,
	// and how much of a request may come before its $db, in bytes.
	maxBuffered = 64 << 10
)

// opcode is a message's kind.
type opcode uint32

// The kinds of messages. Those between opUpdate and opKillCursors are what
// clients sent before OP_MSG; servers since 5.1 refuse them.
const (
	opReply       opcode = 1
	opUpdate      opcode = 2001
	opInsert      opcode = 2002
	opQuery       opcode = 2004
	opGetMore     opcode = 2005
	opDelete      opcode = 2006
	opKillCursors opcode = 2007
	opCompressed  opcode = 2012
	opMsg         opcode = 2013
)

// String returns the opcode's name in MongoDB's documentation.
func (o opcode) String() string {
	switch o {
	case opReply:
		return "OP_REPLY"
	case opUpdate:
		return "OP_UPDATE"
	case opInsert:
		return "OP_INSERT"
	case opQuery:
		return "OP_QUERY"
	case opGetMore:
		return "OP_GET_MORE"
	case opDelete:
		return "OP_DELETE"
	case opKillCursors:
		return "OP_KILL_CURSORS"
	case opCompressed:
		return "OP_COMPRESSED"
	case opMsg:
		return "OP_MSG"
	default:
		return "unknown"
	}
}

// requested reports whether clients send such messages.
func (o opcode) requested() bool {
	switch o {
	case opUpdate, opInsert, opQuery, opGetMore, opDelete, opKillCursors, opCompressed, opMsg:
		return true
	default:
		return false
	}
}

// The flags of an OP_MSG. The other lower sixteen must be zero, the upper ones
// may be ignored.
const (
	flagChecksum   uint32 = 1 << 0  // a CRC-32C ends the message
	flagMoreToCome uint32 = 1 << 1  // no reply is wanted; or another one follows
	flagExhaust    uint32 = 1 << 16 // the client takes several replies
	flagsRequired  uint32 = 1<<16 - 1
	flagsKnown            = flagChecksum | flagMoreToCome
)

// header is what every message begins with.
type header struct {
	// size is the whole message's, in bytes.
	size int
	id   int32
	op   opcode
}

// verdict is what has been made of bytes.
type verdict uint8

const (
	// fine: they have been read.
	fine verdict = iota
	// short: there must be more of them.
	short
	// broken: whatever follows, they are wrong.
	broken
)

// readHeader reads the header at the start of b, and judges the length as soon
// as it is there.
func readHeader(b []byte) (header, verdict) {
	if len(b) < 4 {
		return header{}, short
	}
	size := binary.LittleEndian.Uint32(b)
	if size < headerSize || size > maxMessage {
		return header{}, broken
	}
	if len(b) < headerSize {
		return header{}, short
	}
	return header{
		size: int(size),
		id:   int32(binary.LittleEndian.Uint32(b[4:])),
		op:   opcode(binary.LittleEndian.Uint32(b[12:])),
	}, fine
}

// readFlags reads the flags of the OP_MSG at the start of b.
func readFlags(b []byte, h header) (uint32, verdict) {
	switch {
	case h.size < headerSize+flagsSize:
		return 0, broken
	case len(b) < headerSize+flagsSize:
		return 0, short
	}
	return binary.LittleEndian.Uint32(b[headerSize:]), fine
}
