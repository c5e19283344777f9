package stream

import "encoding/binary"

// TrailerSize is the length of a trailer on the wire.
const TrailerSize = 24

// None is the offset of the first wrong byte when there is none.
const None = ^uint64(0)

// Trailer is the far side's account, sent as the last bytes of its stream
// after the near side has ended its own: three big-endian 64-bit numbers.
type Trailer struct {
	Sent     uint64 // bytes of the sequence it sent before the trailer
	Received uint64 // bytes it got
	Wrong    uint64 // offset of the first byte that differed, or None
}

// Append adds the trailer's wire form to b.
func (t Trailer) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, t.Sent)
	b = binary.BigEndian.AppendUint64(b, t.Received)
	return binary.BigEndian.AppendUint64(b, t.Wrong)
}

// ParseTrailer reads a trailer's wire form.
func ParseTrailer(b [TrailerSize]byte) Trailer {
	return Trailer{
		Sent:     binary.BigEndian.Uint64(b[0:]),
		Received: binary.BigEndian.Uint64(b[8:]),
		Wrong:    binary.BigEndian.Uint64(b[16:]),
	}
}
