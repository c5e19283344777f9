package http

import "bytes"

// Framing is how the end of a body is found (RFC 9112 section 6).
type Framing uint8

// The framings.
const (
	// NoBody: the message ends with its head.
	NoBody Framing = iota
	// Length: the body has as many bytes as Content-Length says, maybe 0.
	Length
	// Chunked: the body is a series of chunks and trailers.
	Chunked
	// UntilEOF: the body ends when the connection does. Responses only.
	UntilEOF
)

// String returns the framing's name.
func (f Framing) String() string {
	switch f {
	case NoBody:
		return "none"
	case Length:
		return "length"
	case Chunked:
		return "chunked"
	case UntilEOF:
		return "eof"
	}
	return "unknown"
}

// maxLengthDigits keeps every Content-Length within 63 bits. (fasthttp's own
// check for overflow misses some.)
const maxLengthDigits = 18

// framingFields is what a head says about its body.
type framingFields struct {
	length    int64
	hasLength bool
	chunked   bool
}

// note takes one field into account. It is strict where RFC 9112 section 6.3
// offers a choice: a repeated Content-Length fails even if it agrees, a coding
// besides chunked even if chunked is last, both fields together always.
func (s *framingFields) note(is name, value []byte) Reason {
	switch is {
	case nameSmuggled:
		return BadFieldName
	case nameContentLength:
		return s.noteLength(value)
	case nameTransferEncoding:
		return s.noteCoding(value)
	case nameTrailer:
		return checkTrailer(value)
	}
	return OK
}

// checkTrailer refuses the announcement of trailers that would be refused.
func checkTrailer(list []byte) Reason {
	for len(list) > 0 {
		var announced []byte
		announced, list = nextElement(list)
		if len(announced) == 0 {
			continue
		}
		if !isToken(announced) || trailerFate(lookup(announced), announced) == trailerRefused {
			return BadTrailer
		}
	}
	return OK
}

func (s *framingFields) noteLength(value []byte) Reason {
	length, ok := parseLength(value)
	if s.hasLength || !ok {
		return BadLength
	}
	s.length, s.hasLength = length, true
	return s.exclusive()
}

func (s *framingFields) noteCoding(value []byte) Reason {
	if s.chunked || !isFold(value, "chunked") {
		return BadCoding
	}
	s.chunked = true
	return s.exclusive()
}

func (s *framingFields) exclusive() Reason {
	if s.hasLength && s.chunked {
		return BothFramings
	}
	return OK
}

// framing returns how a message ends that has a body iff its fields say so.
func (s *framingFields) framing() Framing {
	switch {
	case s.chunked:
		return Chunked
	case s.hasLength:
		return Length
	}
	return NoBody
}

// parseLength reads a decimal number without sign, space or leading zeros.
func parseLength(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > maxLengthDigits || len(b) > 1 && b[0] == '0' {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// nextElement cuts the first element off a comma-separated list (RFC 9110
// section 5.6.1). The element may be empty.
func nextElement(list []byte) (element, rest []byte) {
	if comma := bytes.IndexByte(list, ','); comma >= 0 {
		return trim(list[:comma]), list[comma+1:]
	}
	return trim(list), nil
}
