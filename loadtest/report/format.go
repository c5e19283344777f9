package report

import (
	"strconv"
	"strings"
	"unicode"
)

// Count writes a whole number with its digits in groups of three: 672,348.
func Count(n uint64) string { return grouped(strconv.FormatUint(n, 10)) }

// number writes v with so many decimals, and its digits in groups of three.
func number(v float64, decimals int) string {
	return grouped(strconv.FormatFloat(v, 'f', decimals, 64))
}

// grouped puts a comma before every third digit of the integer part.
func grouped(text string) string {
	unsigned := strings.TrimPrefix(text, "-")
	whole, rest := unsigned, ""
	if dot := strings.IndexByte(unsigned, '.'); dot >= 0 {
		whole, rest = unsigned[:dot], unsigned[dot:]
	}
	var out strings.Builder
	out.WriteString(text[:len(text)-len(unsigned)])
	for i := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteByte(whole[i])
	}
	return out.String() + rest
}

// printable replaces what could move the cursor or colour the screen: servers
// choose their answers' words.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}
