package http1

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// Content is the body of the built-in backend's answers, of any length: the
// digits of the request's tag, and then the sequence of internal/stream. A
// body shorter than TagSize is the beginning of the digits. It needs a Pattern,
// and SetTag before anything else.
type Content struct {
	Pattern *stream.Pattern
	digits  [TagSize]byte
}

// SetTag makes it the body for another tag.
func (c *Content) SetTag(tag uint64) { putTag(&c.digits, tag) }

// CopyAt fills b with what stands in the body from offset on.
func (c *Content) CopyAt(b []byte, offset uint64) {
	for len(b) > 0 {
		n := copy(b, c.at(offset))
		b, offset = b[n:], offset+uint64(n)
	}
}

// Check says whether b stands in the body at offset.
func (c *Content) Check(b []byte, offset uint64) bool {
	for len(b) > 0 {
		want := c.at(offset)
		n := min(len(b), len(want))
		if !bytes.Equal(b[:n], want[:n]) {
			return false
		}
		b, offset = b[n:], offset+uint64(n)
	}
	return true
}

// at returns some bytes, at least one, of the body from offset on.
func (c *Content) at(offset uint64) []byte {
	if offset < TagSize {
		return c.digits[offset:]
	}
	return c.Pattern.At(offset - TagSize)
}
