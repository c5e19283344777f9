package mysql

import (
	"bytes"
	"encoding/binary"
)

// reader takes fields off a payload. After the first that isn't there bad is
// set, nothing more is taken and every field is zero, so that only the end has
// to be checked. What it returns aliases the payload.
type reader struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes.
func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// terminated returns the bytes up to the next NUL, which is taken as well.
func (r *reader) terminated() []byte {
	end := bytes.IndexByte(r.rest, 0)
	if end < 0 {
		r.bad, r.rest = true, nil
		return nil
	}
	s := r.take(uint64(end))
	r.take(1)
	return s
}

// lastTerminated is terminated, but the end of the payload may stand for the
// NUL, as some senders leave that of a last field away.
func (r *reader) lastTerminated() []byte {
	if bytes.IndexByte(r.rest, 0) < 0 {
		return r.take(uint64(len(r.rest)))
	}
	return r.terminated()
}

// The first bytes of integers of encoded length that don't fit into one.
const (
	lengthNull  = 0xfb // NULL in a row, no integer
	lengthOf2   = 0xfc
	lengthOf3   = 0xfd
	lengthOf8   = 0xfe
	lengthError = 0xff // no integer
)

// length reads an integer of encoded length.
func (r *reader) length() uint64 {
	switch first := r.uint8(); first {
	case lengthOf2:
		return uint64(r.uint16())
	case lengthOf3:
		low := r.uint16()
		return uint64(low) | uint64(r.uint8())<<16
	case lengthOf8:
		low := r.uint32()
		return uint64(low) | uint64(r.uint32())<<32
	case lengthNull, lengthError:
		r.bad, r.rest = true, nil
		return 0
	default:
		return uint64(first)
	}
}

// lengthed reads a string with its encoded length in front.
func (r *reader) lengthed() []byte { return r.take(r.length()) }

// appendLength appends an integer of encoded length; those that need more than
// three bytes don't occur.
func appendLength(dst []byte, n int) []byte {
	switch {
	case n < lengthNull:
		return append(dst, byte(n))
	case n < 1<<16:
		return append(dst, lengthOf2, byte(n), byte(n>>8))
	default:
		return append(dst, lengthOf3, byte(n), byte(n>>8), byte(n>>16))
	}
}

// appendLengthed appends a string with its encoded length in front.
func appendLengthed[S string | []byte](dst []byte, s S) []byte {
	return append(appendLength(dst, len(s)), s...)
}

// appendTerminated appends a string and its NUL.
func appendTerminated[S string | []byte](dst []byte, s S) []byte {
	return append(append(dst, s...), 0)
}
