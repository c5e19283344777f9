package http

import "strconv"

// Chunks (RFC 9112 section 7.1):
//
//	size [;extension...] CRLF  data CRLF  ...  0 [;extension...] CRLF  trailers CRLF
//
// Refused: a size with sign, prefix, white space or more than 15 digits;
// white space in an extension outside quotes; control characters in quotes; a
// line that doesn't end in CRLF. Dropped: extensions, leading zeros.

const (
	// maxSizeDigits keeps sizes within 60 bits.
	maxSizeDigits = 15
	// maxExtension bounds what is dropped of one chunk's line, in bytes.
	maxExtension = 256
	// maxExtensions bounds what is dropped of a body, in bytes: tiny chunks
	// with long extensions are much work for little data (CVE-2023-39326).
	maxExtensions = 64 << 10
)

// chunkPart is where in the line of a chunk the next byte belongs.
type chunkPart uint8

const (
	chunkDigits chunkPart = iota
	chunkExtension
	chunkQuoted
	chunkEscaped
	chunkLF
)

// chunkState is the line of a chunk, or the CRLF behind its data.
type chunkState struct {
	part   chunkPart
	digits uint8
	// extension and extensions count what is dropped: of this line, of all.
	extension, extensions int
	// scratch holds a line that is written anew. It is as long as a CRLF, the
	// longest size and a CRLF.
	scratch [2 + maxSizeDigits + 3]byte
}

// nextChunked is Next for chunked bodies. It passes on in as it is as far as
// it can: run is how far.
func (b *Body) nextChunked(in []byte) (piece []byte, n int) {
	run := 0
	for run < len(in) && b.state != bodyDone && b.state != bodyFailed {
		n, ok := b.passChunked(in[run:])
		if !ok {
			break
		}
		run += n
	}
	if run > 0 || b.state == bodyDone || b.state == bodyFailed {
		return in[:run], run
	}
	return b.rewriteChunked(in)
}

// passChunked takes the next part of in if it is whole and may be passed on as
// it is: data, or a line in the form in which it would be written. If it isn't
// ok it has done nothing.
func (b *Body) passChunked(in []byte) (n int, ok bool) {
	switch b.state {
	case bodyData:
		return b.takeData(in), true
	case bodySize:
		return b.passSize(in)
	case bodyDataEnd:
		return b.passLine(in, bodySize)
	case bodyTrailers:
		if len(b.trailers.line) > 0 {
			return 0, false
		}
		return b.passLine(in, bodyDone)
	}
	return 0, false
}

// takeData counts data of a chunk.
func (b *Body) takeData(in []byte) int {
	n := b.take(in)
	if b.left == 0 {
		b.state = bodyDataEnd
	}
	return n
}

// passLine takes a CRLF.
func (b *Body) passLine(in []byte, next bodyState) (n int, ok bool) {
	if b.dechunk || b.chunk.part != chunkDigits || len(in) < 2 || in[0] != '\r' || in[1] != '\n' {
		return 0, false
	}
	b.state = next
	return 2, true
}

// passSize takes a whole size line of lower case digits without a leading
// zero, and without an extension.
func (b *Body) passSize(in []byte) (n int, ok bool) {
	if b.dechunk || b.chunk.digits > 0 || b.chunk.part != chunkDigits {
		return 0, false
	}
	size := int64(0)
	for n < len(in) && n < maxSizeDigits {
		digit := hexDigit(in[n])
		if digit < 0 || 'A' <= in[n] && in[n] <= 'F' {
			break
		}
		size = size<<4 | int64(digit)
		n++
	}
	written := n > 0 && (in[0] != '0' || n == 1)
	if !written || len(in) < n+2 || in[n] != '\r' || in[n+1] != '\n' || b.exceeds(size) {
		return 0, false
	}
	b.enterChunk(size)
	return n + 2, true
}

// exceeds says that a chunk of that size goes beyond the body's limit.
func (b *Body) exceeds(size int64) bool {
	return b.limit > 0 && size > b.limit-b.passed
}

// enterChunk goes on behind the line of a chunk.
func (b *Body) enterChunk(size int64) {
	b.chunk.part, b.chunk.digits, b.chunk.extension = chunkDigits, 0, 0
	b.passed += size
	b.left = size
	b.state = bodyData
	if size == 0 {
		b.state = bodyTrailers
	}
}

// rewriteChunked takes the bytes of one line, or of a part of it, and writes
// the line anew when it is complete.
func (b *Body) rewriteChunked(in []byte) (piece []byte, n int) {
	for n < len(in) {
		c := in[n]
		n++
		switch b.state {
		case bodySize:
			piece = b.sizeByte(c)
		case bodyDataEnd:
			piece = b.endByte(c)
		default:
			piece = b.trailerByte(c)
		}
		if piece != nil || b.state == bodyDone || b.state == bodyFailed {
			break
		}
	}
	if b.dechunk {
		piece = nil
	}
	return piece, n
}

// sizeByte takes a byte of a chunk's line and returns the line when that is
// complete.
func (b *Body) sizeByte(c byte) []byte {
	s := &b.chunk
	ok := true
	switch s.part {
	case chunkDigits:
		ok = b.digitByte(c)
	case chunkLF:
		if ok = c == '\n'; ok {
			return b.sizeLine()
		}
	default:
		ok = s.extensionByte(c)
	}
	if !ok {
		b.fail(BadChunk)
	}
	return nil
}

// digitByte takes a digit, or what may follow the last one.
func (b *Body) digitByte(c byte) bool {
	s := &b.chunk
	if digit := hexDigit(c); digit >= 0 {
		if s.digits == 0 {
			b.left = 0
		}
		s.digits++
		b.left = b.left<<4 | int64(digit)
		return s.digits <= maxSizeDigits
	}
	switch {
	case s.digits == 0:
		return false
	case c == '\r':
		s.part = chunkLF
	case c == ';':
		s.part = chunkExtension
	default:
		return false
	}
	return true
}

// extensionByte takes a byte of an extension. A quote that isn't closed in its
// line is refused: others may read on.
func (s *chunkState) extensionByte(c byte) bool {
	s.extension++
	s.extensions++
	if s.extension > maxExtension || s.extensions > maxExtensions {
		return false
	}
	switch {
	case s.part == chunkQuoted:
		return s.quotedByte(c)
	case s.part == chunkEscaped:
		s.part = chunkQuoted
		return !isControl(c)
	case c == '"':
		s.part = chunkQuoted
		return true
	case c == '\r':
		s.part = chunkLF
		return true
	}
	return c == ';' || c == '=' || folded[c] != 0
}

func (s *chunkState) quotedByte(c byte) bool {
	switch c {
	case '"':
		s.part = chunkExtension
	case '\\':
		s.part = chunkEscaped
	}
	return !isControl(c)
}

// sizeLine ends the line of a chunk and returns it as it is to be.
func (b *Body) sizeLine() []byte {
	size := b.left
	if b.exceeds(size) {
		b.fail(BodyTooLarge)
		return nil
	}
	b.enterChunk(size)
	line := strconv.AppendInt(b.chunk.scratch[:0], size, 16)
	return append(line, "\r\n"...)
}

// endByte takes a byte of the CRLF behind data.
func (b *Body) endByte(c byte) []byte {
	switch {
	case b.chunk.part == chunkDigits && c == '\r':
		b.chunk.part = chunkLF
	case b.chunk.part == chunkLF && c == '\n':
		b.chunk.part = chunkDigits
		b.state = bodySize
		return append(b.chunk.scratch[:0], "\r\n"...)
	default:
		b.fail(BadChunk)
	}
	return nil
}
