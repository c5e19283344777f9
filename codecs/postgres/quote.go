package postgres

import (
	"unicode"
	"unicode/utf8"
)

// maxQuoted is how much of a name is quoted, in bytes, the character that
// crosses it included: the server's own names end there (NAMEDATALEN - 1).
const maxQuoted = 63

// appendQuoted appends a name from the wire between double quotes, harmless
// for the terminals and logs it ends up in: what isn't printable becomes '?',
// and what is too long ends in "...".
func appendQuoted(dst []byte, name string) []byte {
	dst = append(dst, '"')
	for i, r := range name {
		if i >= maxQuoted {
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
