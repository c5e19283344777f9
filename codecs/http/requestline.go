package http

import "bytes"

// requestLine is the checked first line of a request (RFC 9112 section 3).
type requestLine struct {
	method, target span
	minor          uint8
	// end is where the fields begin.
	end int
}

// parseRequestLine checks the line at an offset of a complete head. Exactly
// one space stands on either side of the target, nothing else is white space.
func parseRequestLine(head []byte, from, maxTarget int) (requestLine, Reason) {
	at := from + tokenLength(head[from:])
	if at == from || head[at] != ' ' {
		return requestLine{}, unlined(head[from:], BadRequestLine)
	}
	line := requestLine{method: span{uint32(from), uint32(at)}}
	end := at + 1 + targetLength(head[at+1:])
	if end-at-1 > maxTarget {
		return line, TargetTooLong
	}
	switch head[end] {
	case ' ':
	case '\r', '\n':
		return line, unlined(head[from:], BadRequestLine)
	default:
		return line, BadTarget
	}
	line.target = span{uint32(at + 1), uint32(end)}
	minor, n, why := parseVersion(head[end+1:])
	line.minor, line.end = minor, end+1+n
	return line, why
}

// unlined returns BadLineEnd if the line at the start of b ends in a bare LF,
// for that is what its sender is to be told; other if not.
func unlined(b []byte, other Reason) Reason {
	if at := bytes.IndexByte(b, '\n'); at == 0 || at > 0 && b[at-1] != '\r' {
		return BadLineEnd
	}
	return other
}

// targetLength returns how many octets at the start of b a target may have:
// visible ASCII. Browsers send some that RFC 3986 doesn't allow, so that only
// "#" is refused besides: a fragment is no part of a target, and backends
// disagree on it.
func targetLength(b []byte) int {
	for i, c := range b {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return i
		}
	}
	return len(b)
}

const versionPrefix = "HTTP/"

// parseVersion reads "HTTP/1.x CRLF" and returns x and the length of it all.
func parseVersion(b []byte) (minor uint8, n int, why Reason) {
	const size = len("HTTP/1.1")
	if len(b) < size+2 || string(b[:len(versionPrefix)]) != versionPrefix || !isDigit(b[5]) || b[6] != '.' || !isDigit(b[7]) {
		return 0, 0, unlined(b, BadRequestLine)
	}
	if b[size] != '\r' || b[size+1] != '\n' {
		return 0, 0, unlined(b, BadRequestLine)
	}
	if b[5] != '1' || b[7] > '1' {
		return 0, 0, BadVersion
	}
	return b[7] - '0', size + 2, OK
}

// checkMethod refuses what a reverse proxy must not pass: a tunnel to where
// the client says, and the echo of fields that we have added.
func checkMethod(method []byte) Reason {
	switch {
	case len(method) > maxMethod:
		return MethodUnknown
	case string(method) == "CONNECT", string(method) == "TRACE":
		return MethodRefused
	}
	return OK
}

// isIdempotent says that a method may be repeated (RFC 9110 section 9.2.2).
func isIdempotent(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "PUT", "DELETE", "OPTIONS":
		return true
	}
	return false
}
