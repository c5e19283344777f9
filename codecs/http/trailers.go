package http

const (
	// maxTrailer bounds the trailer lines of a body, in bytes.
	maxTrailer = 8 << 10
	// maxTrailers bounds their number.
	maxTrailers = 64
)

// trailerState is the lines behind the last chunk.
type trailerState struct {
	// line is the bytes of the current line, rewritten the last one that is
	// passed on in other words. Their memory is reused.
	line, rewritten []byte

	size, count int
}

// trailerByte takes a byte of a trailer line and returns the line as it is to
// be when it is complete, an empty one if it is dropped.
func (b *Body) trailerByte(c byte) []byte {
	t := &b.trailers
	t.line = append(t.line, c)
	t.size++
	switch {
	case t.size > maxTrailer:
		b.fail(HeadTooLarge)
		return nil
	case c != '\n':
		return nil
	}
	line := t.line
	t.line = t.line[:0]
	if string(line) == "\r\n" {
		b.state = bodyDone
		return line
	}
	t.count++
	if t.count > maxTrailers {
		b.fail(TooManyFields)
		return nil
	}
	return b.trailerLine(line)
}

// trailerLine checks a line as it would be checked in a head.
func (b *Body) trailerLine(line []byte) []byte {
	f, why := parseTrailer(line)
	if why != OK {
		b.fail(BadTrailer)
		return nil
	}
	name, value := line[f.from:f.colon], f.value.of(line)
	switch trailerFate(f.is, name) {
	case trailerRefused:
		b.fail(BadTrailer)
		return nil
	case trailerDropped:
		return line[:0]
	}
	if f.canonical {
		return line
	}
	b.trailers.rewritten = appendLine(b.trailers.rewritten[:0], name, value)
	return b.trailers.rewritten
}

// parseTrailer checks one line, which ends in LF.
func parseTrailer(line []byte) (field, Reason) {
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return field{}, BadLineEnd
	}
	var f field
	end, why := f.parse(line, 0)
	if why == OK && end != len(line) {
		why = BadLineEnd
	}
	return f, why
}

// fate is what becomes of a trailer field.
type fate uint8

const (
	trailerPasses fate = iota
	trailerDropped
	trailerRefused
)

// trailerFate refuses what no honest sender puts behind a body, and drops what
// a receiver that merges trailers into the head would act on too late or
// wrongly (RFC 9110 section 6.5.1).
func trailerFate(is name, b []byte) fate {
	switch is {
	case nameHost, nameContentLength, nameTransferEncoding, nameTrailer, nameSmuggled:
		return trailerRefused
	case nameOther:
		return otherTrailer(b)
	}
	return trailerDropped
}

func otherTrailer(b []byte) fate {
	for _, head := range headOnly {
		if foldsTo(b, head) {
			return trailerDropped
		}
	}
	return trailerPasses
}

// headOnly are fields that belong into heads: authentication, conditions,
// controls, the content's format.
var headOnly = [...]string{
	"age", "authorization", "cache-control", "content-encoding", "content-range",
	"content-type", "cookie", "date", "expires", "if-match", "if-modified-since",
	"if-none-match", "if-range", "if-unmodified-since", "location", "max-forwards",
	"pragma", "range", "retry-after", "set-cookie", "vary", "www-authenticate",
}
