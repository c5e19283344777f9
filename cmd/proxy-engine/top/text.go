package top

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const (
	// hidden stands for what may not reach the terminal.
	hidden = '?'
	// cut ends a text that was too wide. It is ASCII, for the width of an ellipsis
	// differs among terminals.
	cut = '~'
	// maxMarks is how many combining marks a character keeps: what living scripts
	// need. Names are clients' words, and marks take no column.
	maxMarks = 4
)

// clean returns a text without anything that a terminal acts on: control
// characters, those that turn the direction of writing, and what is no character.
func clean(text string) string {
	var b strings.Builder
	marks := maxMarks // none before the first character
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Variation_Selector, r): // would change the width
		case isMark(r) && marks < maxMarks:
			marks++
			b.WriteRune(r)
		case isMark(r):
			b.WriteRune(hidden)
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			b.WriteRune(hidden)
			marks = 0
		default:
			b.WriteRune(r)
			marks = 0
		}
	}
	return b.String()
}

func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

// columns is how many a clean text takes.
func columns(text string) (n int) {
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x80 {
		return 1 // nearly always
	}
	if isMark(r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// truncate returns the beginning of a clean text that has at most so many columns,
// marked if it isn't all.
func truncate(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	if most <= 0 {
		return ""
	}
	room := most - 1 // for the mark
	for i, r := range text {
		if room -= runeColumns(r); room < 0 {
			return text[:i] + string(cut)
		}
	}
	return text
}

// pad is truncate to exactly so many columns; right says that spaces go before it.
func pad(text string, n int, right bool) string {
	text = truncate(text, n)
	spaces := strings.Repeat(" ", max(n-columns(text), 0))
	if right {
		return spaces + text
	}
	return text + spaces
}
