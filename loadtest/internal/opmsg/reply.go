package opmsg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Reply is what a server has answered.
type Reply struct {
	// To is the id of the command.
	To int32
	// OK says that the command was done. If not, Code is the server's for why.
	OK   bool
	Code int32
	// Namespace is the collection that a cursor is for, as "database.name", ""
	// without a cursor.
	Namespace string
}

// ErrMalformed is for what is no reply.
var ErrMalformed = errors.New("malformed reply")

// maxReply is the longest message that is read, in bytes. Answers and refusals
// are far shorter.
const maxReply = 64 << 10

// Reader reads replies. It is for one goroutine.
type Reader struct {
	from io.Reader
	buf  []byte
}

// NewReader returns a Reader of a connection.
func NewReader(from io.Reader) *Reader { return &Reader{from: from} }

// Read reads the next reply. What isn't one is ErrMalformed; other errors are
// the connection's, io.EOF before a reply.
func (r *Reader) Read() (Reply, error) {
	r.buf = append(r.buf[:0], make([]byte, headerSize)...)
	if _, err := io.ReadFull(r.from, r.buf); err != nil {
		return Reply{}, err
	}
	size := binary.LittleEndian.Uint32(r.buf)
	if size < documentAt+minDocument || size > maxReply {
		return Reply{}, fmt.Errorf("%w: a length of %d", ErrMalformed, size)
	}
	r.buf = append(r.buf, make([]byte, size-headerSize)...)
	if _, err := io.ReadFull(r.from, r.buf[headerSize:]); err != nil {
		return Reply{}, unfinished(err)
	}
	return parse(r.buf)
}

// unfinished is the error of a message that doesn't end.
func unfinished(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parse reads a message, of its length and at least an empty document's.
func parse(message []byte) (Reply, error) {
	op := binary.LittleEndian.Uint32(message[12:])
	flags, section := binary.LittleEndian.Uint32(message[headerSize:]), message[documentAt-1]
	if op != opMsg || flags != 0 || section != 0 {
		return Reply{}, fmt.Errorf("%w: opcode %d, flags %#x, a section of kind %d", ErrMalformed, op, flags, section)
	}
	r := Reply{To: int32(binary.LittleEndian.Uint32(message[8:]))}
	valid := true
	whole := fields(message[documentAt:], func(f field) {
		switch string(f.name) {
		case "ok":
			r.OK = f.number() == 1
		case "code":
			r.Code = int32(f.number())
		case "cursor":
			valid = f.kind == kindDocument && fields(f.value, r.cursor)
		}
	})
	if !whole || !valid {
		return Reply{}, fmt.Errorf("%w: a broken document", ErrMalformed)
	}
	return r, nil
}

func (r *Reply) cursor(f field) {
	if string(f.name) == "ns" {
		r.Namespace = f.text()
	}
}
