package http

import "bytes"

// target is a request's target taken apart (RFC 9112 section 3.2).
type target struct {
	// authority is empty but in the absolute form.
	authority span
	// path is the origin form, from its slash to the end, or "*". It may be
	// empty or begin with "?" after an authority: then "/" goes before it, or
	// "*" is meant.
	path span
	// tls: the absolute form's scheme is https.
	tls bool
}

// parseTarget takes apart a target that isn't empty. The authority form
// belongs to CONNECT, so it is none of ours.
func parseTarget(head []byte, s span, options bool) (target, Reason) {
	whole := s.of(head)
	switch {
	case len(whole) == 0:
		return target{}, BadTarget
	case whole[0] == '/':
		return target{path: s}, checkEscapes(whole)
	case options && string(whole) == "*":
		return target{path: s}, OK
	case len(whole) > 7 && isFold(whole[:7], "http://"):
		return absolute(head, span{s.from + 7, s.to}, false)
	case len(whole) > 8 && isFold(whole[:8], "https://"):
		return absolute(head, span{s.from + 8, s.to}, true)
	}
	return target{}, BadTarget
}

// absolute takes apart what follows the scheme of an absolute form.
func absolute(head []byte, s span, tls bool) (target, Reason) {
	rest := s.of(head)
	at := bytes.IndexAny(rest, "/?")
	if at < 0 {
		at = len(rest)
	}
	t := target{
		authority: span{s.from, s.from + uint32(at)},
		path:      span{s.from + uint32(at), s.to},
		tls:       tls,
	}
	if at == 0 {
		return t, BadTarget
	}
	return t, checkEscapes(rest[at:])
}

// checkEscapes wants two hexadecimal digits behind every "%" of a path, as
// nginx and net/http do. In a query people do write "100%".
func checkEscapes(path []byte) Reason {
	if query := bytes.IndexByte(path, '?'); query >= 0 {
		path = path[:query]
	}
	for {
		at := bytes.IndexByte(path, '%')
		if at < 0 {
			return OK
		}
		if len(path) < at+3 || hexDigit(path[at+1]) < 0 || hexDigit(path[at+2]) < 0 {
			return BadTarget
		}
		path = path[at+3:]
	}
}

// hexDigit returns a hexadecimal digit's value, -1 for none.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// appendPath appends the target in the form the backend gets: origin form, or
// "*" for the OPTIONS of a whole server (RFC 9112 section 3.2.4).
func (t *target) appendPath(dst, head []byte, options bool) []byte {
	path := t.path.of(head)
	switch {
	case len(path) == 0 && options:
		return append(dst, '*')
	case len(path) == 0 || path[0] == '?':
		dst = append(dst, '/')
	}
	return append(dst, path...)
}
