package http1

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pieces cuts b into pieces of the lengths sizes tells, over and over. A size
// of 0 is the rest.
func pieces(b, sizes []byte) [][]byte {
	var all [][]byte
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(sizes) > 0 {
			if size := int(sizes[i%len(sizes)]); size > 0 {
				n = min(n, size)
			}
		}
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

// everySplit calls with b in two pieces, cut at each place, and byte by byte.
func everySplit(b []byte, call func(pieces [][]byte)) {
	for at := range len(b) + 1 {
		call([][]byte{b[:at], b[at:]})
	}
	call(pieces(b, []byte{1}))
}

// body returns the built-in backend's body.
func body(p *stream.Pattern, tag uint64, size int) []byte {
	c := Content{Pattern: p}
	c.SetTag(tag)
	b := make([]byte, size)
	c.CopyAt(b, 0)
	return b
}
