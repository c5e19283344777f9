package mongodb

import (
	"bytes"
	"encoding/binary"
)

// request is what a reply must know of its request.
type request struct {
	id int32
	// legacy says that it was an OP_QUERY, which wants an OP_REPLY.
	legacy bool
	// mute says that no reply is wanted.
	mute bool
}

// command is a message that is a command and whole.
type command struct {
	request
	size int
	// body is the command's document.
	body []byte
}

// plain says that the command has an OP_MSG's flags as most have them.
func plain(flags uint32) bool { return flags&^flagChecksum == 0 }

// queryBody returns the document of the OP_QUERY that in begins with, which is
// whole: int32 flags, the collection's full name, int32 to skip, int32 to
// return, the query. Only commands are read: their collection is $cmd.
func queryBody(message []byte) (body []byte, ok bool) {
	const numbers = 4 + 4
	b := message[headerSize:]
	if len(b) < 4 {
		return nil, false
	}
	name, b, ok := bytes.Cut(b[4:], []byte{0})
	if !ok || len(b) < numbers+minDocument || !bytes.HasSuffix(name, []byte(".$cmd")) {
		return nil, false
	}
	b = b[numbers:]
	size := binary.LittleEndian.Uint32(b)
	if size < minDocument || int64(size) > int64(len(b)) {
		return nil, false
	}
	return b[:size], true // a document of the wanted fields may follow
}

// messageBody returns the document of the OP_MSG that message is, for the
// commands answered here, which have one section.
func messageBody(message []byte, flags uint32) (body []byte, ok bool) {
	end := len(message)
	if flags&flagChecksum != 0 {
		end -= 4
	}
	if end < headerSize+flagsSize+1+minDocument || message[headerSize+flagsSize] != 0 {
		return nil, false
	}
	return message[headerSize+flagsSize+1 : end], true
}
