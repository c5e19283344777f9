package smtp

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// path is the address of a sender or recipient. All aliases the line.
type path struct {
	// local is the part before the "@", quotes included, domain the one behind
	// it, brackets included. Both are empty for the null sender; domain is for
	// a local part alone.
	local, domain []byte
	// international says that either has more than ASCII (RFC 6531).
	international bool
}

// parsePath reads the arguments of MAIL or RCPT, which begin with that keyword
// (RFC 5321 section 4.1.2):
//
//	FROM:<@relay.example,@other.example:"local part"@example.com> SIZE=1000
//
// The parameters are the backend's to judge. Of what the standard forbids, a
// space before the bracket and dots anywhere in the local part are taken, as
// mail servers do; missing brackets aren't, for servers differ in what such an
// address is.
func parsePath(args []byte, keyword string) (p path, ok bool) {
	if len(args) < len(keyword) || !equalFold(args[:len(keyword)], keyword) {
		return path{}, false
	}
	rest := bytes.TrimLeft(args[len(keyword):], " ")
	rest, ok = bytes.CutPrefix(rest, []byte{'<'})
	if !ok || !utf8.Valid(rest) {
		return path{}, false
	}
	if rest, ok = skipRoute(rest); !ok {
		return path{}, false
	}
	p, rest, ok = cutMailbox(rest)
	return p, ok && (len(rest) == 0 || rest[0] == ' ')
}

// skipRoute cuts off a source route. It is to be ignored (RFC 5321 appendix C).
func skipRoute(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '@' {
		return b, true
	}
	for len(b) > 0 && b[0] == '@' {
		n := domainLength(b[1:])
		b = b[1+n:]
		if n == 0 || len(b) < 2 {
			return nil, false
		}
		if b[0] == ':' {
			return b[1:], b[1] != '>'
		}
		if b[0] != ',' {
			return nil, false
		}
		b = b[1:]
	}
	return nil, false
}

// cutMailbox cuts an address and its closing bracket off b.
func cutMailbox(b []byte) (p path, rest []byte, ok bool) {
	n := localLength(b)
	p.local, rest = b[:n], b[n:]
	if n > 0 && len(rest) > 0 && rest[0] == '@' {
		n = domainLength(rest[1:])
		if n == 0 {
			return path{}, nil, false
		}
		p.domain, rest = rest[1:1+n], rest[1+n:]
	}
	p.international = international(p.local) || international(p.domain)
	rest, ok = bytes.CutPrefix(rest, []byte{'>'})
	return p, rest, ok
}

func international(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// localLength is the length of the local part at the start of b.
func localLength(b []byte) int {
	if len(b) > 0 && b[0] == '"' {
		return quotedLength(b)
	}
	n := 0
	for n < len(b) && isAtom(b[n]) {
		n++
	}
	return n
}

// quotedLength is the length of the quoted string at the start of b, quotes
// included; 0 if it doesn't end or is empty.
func quotedLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\':
			i++
		case b[i] == '"' && i > 1:
			return i + 1
		case b[i] == '"':
			return 0
		}
	}
	return 0
}

// isAtom says whether a byte may stand in a local part without quotes.
func isAtom(b byte) bool {
	return b > ' ' && b != 0x7f && strings.IndexByte(`()<>[]:;@\,"`, b) < 0
}

// domainLength is the length of the domain or address literal at the start of
// b, 0 if there is none.
func domainLength(b []byte) int {
	if len(b) > 0 && b[0] == '[' {
		return literalLength(b)
	}
	n := 0
	for n < len(b) && isHost(b[n]) {
		n++
	}
	if !validDomain(b[:n]) {
		return 0
	}
	return n
}

// literalLength is the length of the address literal at the start of b,
// brackets included. What is within is the backend's to judge.
func literalLength(b []byte) int {
	for i := 1; i < len(b) && i < maxName; i++ {
		switch c := b[i]; {
		case c == ']' && i > 1:
			return i + 1
		case c <= ' ' || c >= 0x7f || c == '[' || c == ']' || c == '\\' || c == '<' || c == '>' || c == '@':
			return 0
		}
	}
	return 0
}

// isHost says whether a byte may stand in a domain. Underscores shouldn't, and
// do.
func isHost(b byte) bool {
	return 'a' <= lowerCase(b) && lowerCase(b) <= 'z' || '0' <= b && b <= '9' ||
		b == '-' || b == '.' || b == '_' || b >= utf8.RuneSelf
}

// validDomain wants labels of the right length between the dots.
func validDomain(name []byte) bool {
	if len(name) == 0 || len(name) > maxName {
		return false
	}
	label := 0
	for _, b := range name {
		if b != '.' {
			label++
			continue
		}
		if label == 0 || label > maxLabel {
			return false
		}
		label = 0
	}
	return label > 0 && label <= maxLabel
}

// maxLabel is the length of the longest label of a domain name, in bytes as it
// stands in the DNS; of a U-label, whose A-label is what counts, it is a bound
// all the same.
const maxLabel = 63
