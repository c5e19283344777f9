package webtest

import (
	"encoding/binary"
	"hash"
	"hash/crc32"
	"io"
	"math/rand/v2"
)

// pattern is an endless stream of blocks that each begin with their number:
// no two are alike, and it is made as fast as it can be copied.
type pattern struct {
	block [64<<10 - 1]byte // of an odd size: boundaries of buffers fall anywhere
	left  []byte           // of the block under way
	n     uint64
}

var _ io.Reader = (*pattern)(nil)

// newPattern returns the same stream each time.
func newPattern() *pattern {
	p := new(pattern)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(p.block[:]) // never fails
	return p
}

// Read implements io.Reader.
func (p *pattern) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		binary.LittleEndian.PutUint64(p.block[:], p.n)
		p.n++
		p.left = p.block[:]
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}

// checksum returns a hash as quick as the stream.
func checksum() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }
