package naming

import (
	"unicode"
	"unicode/utf8"
)

// AppendQuoted appends a name from the wire between double quotes, harmless
// for the terminals and logs it ends up in: what isn't printable becomes '?',
// and what is longer than limit, in bytes, ends in "...". The result is valid
// UTF-8.
func AppendQuoted(dst []byte, name string, limit int) []byte {
	dst = append(dst, '"')
	for i, r := range name {
		if i >= limit {
			dst = append(dst, "..."...)
			break
		}
		dst = utf8.AppendRune(dst, harmless(r))
	}
	return append(dst, '"')
}

// harmless returns r, or '?' for controls, marks that change the direction of
// text and bytes that aren't UTF-8.
func harmless(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return '?'
	}
	return r
}
