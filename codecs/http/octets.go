package http

import (
	"encoding/binary"
	"math/bits"
)

// folded maps the octets of a token (RFC 9110 section 5.6.2) to lower case,
// "_" to "-", and everything else to 0. Backends that hand fields to programs
// as CGI does (RFC 3875 section 4.1.18) can't tell "_" from "-", so neither
// may a proxy that guards fields by name.
var folded = func() (t [256]byte) {
	for _, c := range []byte("!#$%&'*+-.^`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		t[c] = c
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = byte(c) + 'a' - 'A'
	}
	t['_'] = '-'
	return t
}()

// tokenLength returns how many octets at the start of b are a token's.
func tokenLength(b []byte) int {
	for i, c := range b {
		if folded[c] == 0 {
			return i
		}
	}
	return len(b)
}

// isToken says that b is a token, of at least one octet.
func isToken(b []byte) bool { return len(b) > 0 && tokenLength(b) == len(b) }

// foldsTo says that b is name but for case and for "_" in place of "-". name
// is in lower case.
func foldsTo(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range b {
		if folded[b[i]] != name[i] {
			return false
		}
	}
	return true
}

// equalFold says that two tokens are the same but for case.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// isFold says that b is word but for case. word is in lower case.
func isFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		if lower(b[i]) != word[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// trim cuts optional white space (RFC 9110 section 5.6.3) off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// controlAt returns where the first control character of b is (DEL counts,
// tab too), len(b) if there is none. It looks at eight octets at a time: most
// of a head are values without any. Of the marks below, only those above a
// true one can be false, so that the lowest is right.
func controlAt(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ 0x7f*everyByte
		marks := ((x-0x20*everyByte) & ^x | (del-everyByte) & ^del) & highBits
		if marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for ; i < len(b); i++ {
		if isControl(b[i]) {
			return i
		}
	}
	return i
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// validValue says that b may be a field's value: no control character but tab.
func validValue(b []byte) bool {
	for {
		i := controlAt(b)
		if i == len(b) {
			return true
		}
		if b[i] != '\t' {
			return false
		}
		b = b[i+1:]
	}
}
