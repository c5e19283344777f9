package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
)

const (
	opMsg         = 2013
	mongoHead     = 16                // length, id, id answered, kind
	mongoOverhead = mongoHead + 4 + 1 // flags and the kind of the section
	// longestMongo is the longest answer that is taken, in bytes.
	longestMongo = 64 << 10
)

// MongoDB says hello, which needs no login, and wants ok: 1.
func MongoDB(_ context.Context, conn net.Conn) error {
	if _, err := conn.Write(mongoHello()); err != nil {
		return err
	}
	var head [mongoHead]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	length, kind := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[12:])
	if kind != opMsg || length < mongoOverhead || length > longestMongo {
		return fmt.Errorf("not MongoDB: answered with %q", head)
	}
	rest := make([]byte, length-mongoHead)
	if _, err := io.ReadFull(conn, rest); err != nil {
		return err
	}
	ok, err := documentOK(rest[mongoOverhead-mongoHead:])
	if err == nil && !ok {
		err = errors.New("MongoDB: hello isn't ok")
	}
	return err
}

// mongoHello is an OP_MSG with {hello: 1, $db: "admin"}.
func mongoHello() []byte {
	const body = "\x10hello\x00\x01\x00\x00\x00" + "\x02$db\x00\x06\x00\x00\x00admin\x00" + "\x00"
	const document = uint32(4 + len(body))
	m := make([]byte, 0, mongoOverhead+document)
	for _, v := range []uint32{mongoOverhead + document, 1, 0, opMsg, 0} {
		m = binary.LittleEndian.AppendUint32(m, v)
	}
	m = append(m, 0) // the section is a document
	m = binary.LittleEndian.AppendUint32(m, document)
	return append(m, body...)
}

var errBSON = errors.New("MongoDB: invalid document")

// documentOK looks for ok among a document's fields, and says whether it is 1.
func documentOK(d []byte) (bool, error) {
	if len(d) < 5 || binary.LittleEndian.Uint32(d) > uint32(len(d)) {
		return false, errBSON
	}
	for d = d[4:]; len(d) > 0 && d[0] != 0; {
		kind := d[0]
		name, value, found := bytes.Cut(d[1:], []byte{0})
		size, known := bsonSize(kind, value)
		if !found || !known || size > len(value) {
			return false, errBSON
		}
		if string(name) == "ok" {
			return bsonNumber(kind, value) == 1, nil
		}
		d = value[size:]
	}
	return false, errBSON
}

// bsonSize is the length of a value, in bytes, which may exceed what is there.
// Of the kinds of values (bsonspec.org) those that no server puts there aren't
// known.
func bsonSize(kind byte, value []byte) (size int, known bool) {
	prefix := func(extra int) (int, bool) {
		if len(value) < 4 {
			return 0, false
		}
		n := binary.LittleEndian.Uint32(value)
		return int(min(n, longestMongo)) + extra, true
	}
	switch kind {
	case 0x0a: // null
		return 0, true
	case 0x08: // boolean
		return 1, true
	case 0x10: // int32
		return 4, true
	case 0x01, 0x09, 0x11, 0x12: // double, date, timestamp, int64
		return 8, true
	case 0x07: // object id
		return 12, true
	case 0x02: // string
		return prefix(4)
	case 0x03, 0x04: // document, array: the length includes itself
		return prefix(0)
	case 0x05: // binary, with a byte for its kind
		return prefix(5)
	}
	return 0, false
}

// bsonNumber is the value of a number that is all there, 0 of anything else.
func bsonNumber(kind byte, value []byte) float64 {
	switch kind {
	case 0x01:
		return math.Float64frombits(binary.LittleEndian.Uint64(value))
	case 0x10:
		return float64(int32(binary.LittleEndian.Uint32(value)))
	case 0x12:
		return float64(int64(binary.LittleEndian.Uint64(value)))
	case 0x08:
		return float64(value[0])
	}
	return 0
}
