package mongodb

import (
	"encoding/binary"
	"math"
)

// The functions here append BSON to dst and return the extended slice. Names
// are constants without a NUL.

func appendName(dst []byte, k kind, name string) []byte {
	return append(append(append(dst, byte(k)), name...), 0)
}

func appendBool(dst []byte, name string, v bool) []byte {
	dst = appendName(dst, kindBool, name)
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendInt32(dst []byte, name string, v int32) []byte {
	return binary.LittleEndian.AppendUint32(appendName(dst, kindInt32, name), uint32(v))
}

func appendDouble(dst []byte, name string, v float64) []byte {
	return binary.LittleEndian.AppendUint64(appendName(dst, kindDouble, name), math.Float64bits(v))
}

// appendDate appends a time in milliseconds since 1970.
func appendDate(dst []byte, name string, v int64) []byte {
	return binary.LittleEndian.AppendUint64(appendName(dst, kindDate, name), uint64(v))
}

func appendText(dst []byte, name, v string) []byte {
	dst = appendName(dst, kindString, name)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v)+1))
	return append(append(dst, v...), 0)
}

// openDocument appends the place of a document's length; closeDocument fills
// it in, given where it is.
func openDocument(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

func closeDocument(dst []byte, at int) []byte {
	dst = append(dst, 0)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}
