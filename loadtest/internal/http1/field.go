package http1

import "bytes"

// field is a header field that means something here.
type field uint8

const (
	otherField field = iota
	contentLength
	transferEncoding
	connection
	expectation
	host
	tagField
)

// parseField splits a header line (RFC 9112 section 5).
func parseField(line []byte) (name field, value []byte, err error) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !isToken(line[:colon]) {
		return otherField, nil, BadField
	}
	return fieldNamed(line[:colon]), trim(line[colon+1:]), nil
}

// fieldNamed tells most names apart by their length alone.
func fieldNamed(name []byte) field {
	switch len(name) {
	case 4:
		return fieldIf(name, "host", host)
	case 6:
		return fieldIf(name, "expect", expectation)
	case 10:
		return fieldIf(name, "connection", connection)
	case 14:
		if equalFold(name, "content-length") {
			return contentLength
		}
		return fieldIf(name, "x-loadtest-tag", tagField)
	case 17:
		return fieldIf(name, "transfer-encoding", transferEncoding)
	default:
		return otherField
	}
}

func fieldIf(name []byte, lower string, f field) field {
	if equalFold(name, lower) {
		return f
	}
	return otherField
}

// equalFold compares a text without control characters with a lower-case one
// of letters, digits and hyphens, on which |0x20 does nothing.
func equalFold(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// isToken says whether text, which isn't empty, is a token (RFC 9110 section
// 5.6.2).
func isToken(text []byte) bool {
	for _, c := range text {
		if !isTokenByte(c) {
			return false
		}
	}
	return true
}

// isTokenByte looks the byte up in a set of 128 bits, which is faster than
// comparing it with each of the characters that aren't letters or digits.
func isTokenByte(c byte) bool {
	const (
		digits  = (1<<10 - 1) << '0'
		letters = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64)
		low     = digits | 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.'
		high    = letters | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)
	)
	set := uint64(low)
	if c >= 64 {
		set = high
	}
	return c < 128 && set>>(c&63)&1 != 0
}

// trim cuts spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// nextItem takes the first item off a comma-separated list (RFC 9110 section
// 5.6.1).
func nextItem(list []byte) (item, rest []byte) {
	item, rest, _ = bytes.Cut(list, []byte{','})
	return trim(item), rest
}
