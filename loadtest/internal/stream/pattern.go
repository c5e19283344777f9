// Package stream is what bulk transfers consist of: a byte sequence both sides
// know, so that each byte is checked against its own position, and a trailer
// in which the far side says what it sent and what it got.
package stream

import (
	"bytes"
	"math/rand/v2"
)

// ChunkSize is how many bytes are read or written at once: large enough that
// system calls don't dominate, small enough to stay in a core's cache.
const ChunkSize = 256 << 10

// period is the length after which the sequence repeats. Its largest factors
// differ from any buffer's size, so that a lost, doubled or swapped buffer
// shifts the sequence and is seen.
const period = ChunkSize + 4099

// Pattern is the sequence: period random-looking bytes over and over. It is
// immutable and may be shared.
type Pattern struct {
	bytes []byte // period plus a chunk, so that every chunk is contiguous
}

// NewPattern returns the sequence; it is the same in every process.
func NewPattern() *Pattern {
	source := rand.NewChaCha8([32]byte([]byte("proxy-engine loadtest bulk bytes")))
	once := make([]byte, period)
	_, _ = source.Read(once)
	return &Pattern{bytes: append(once, once[:ChunkSize]...)}
}

// At returns the ChunkSize bytes that follow offset. The caller must not
// change them.
func (p *Pattern) At(offset uint64) []byte {
	start := offset % period
	return p.bytes[start : start+ChunkSize]
}

// Check compares got, at most ChunkSize bytes, with the sequence at offset and
// returns how many bytes agree before the first difference.
func (p *Pattern) Check(offset uint64, got []byte) int {
	want := p.At(offset)[:len(got)]
	if bytes.Equal(want, got) {
		return len(got)
	}
	same := 0
	for want[same] == got[same] {
		same++
	}
	return same
}
