//go:build linux

package loadtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// dialogue is what one session says and expects to hear, one exchange at a
// time. What it is told of an exchange it may forget when the next one begins.
type dialogue interface {
	// begin starts an exchange of size bytes under a tag no other exchange has,
	// so that bytes of another session are noticed.
	begin(tag uint64, size int)
	// message is all that is to be sent. It is valid until any session's is
	// asked for.
	message() []byte
	// hear takes what has come, when sent bytes of the message are out. done
	// says that the answer is complete. It must not keep b.
	hear(b []byte, sent int) (done bool, err error)
	// end is told that the server has ended its side within an exchange: done
	// if that completes the answer, io.ErrUnexpectedEOF if not.
	end() (done bool, err error)
	// lasts says whether the connection takes another exchange, and whether the
	// server may end it between two.
	lasts() (again, mayEnd bool)
	// heard is the number of payload bytes of the complete answer.
	heard() int
}

// errWrong is for an answer that is not what it should be.
var errWrong = errors.New("wrong bytes")

// rejection is an error the server told of in its protocol.
type rejection string

func (r rejection) Error() string { return "rejected: " + string(r) }

// echo is the dialogue with an echo backend: the same bytes come back.
type echo struct {
	payload *payload
	tag     uint64
	size    int
	got     int
}

var _ dialogue = (*echo)(nil)

// payload is what all echo sessions of a station send from, each behind its
// own tag.
type payload []byte

// newPayload makes one for messages of up to largest bytes.
func newPayload(s seat, largest int) *payload {
	p := payload(filler(s, max(largest, tagSize)))
	return &p
}

func (e *echo) begin(tag uint64, size int) { e.tag, e.size, e.got = tag, size, 0 }

func (e *echo) message() []byte {
	binary.LittleEndian.PutUint64(*e.payload, e.tag)
	return (*e.payload)[:e.size]
}

func (e *echo) hear(b []byte, sent int) (done bool, err error) {
	if len(b) > sent-e.got || !bytes.Equal(b, e.message()[e.got:e.got+len(b)]) {
		return false, errWrong
	}
	e.got += len(b)
	return e.got == e.size, nil
}

func (e *echo) end() (done bool, err error) { return false, io.ErrUnexpectedEOF }

func (e *echo) lasts() (again, mayEnd bool) { return true, false }

func (e *echo) heard() int { return e.size }
