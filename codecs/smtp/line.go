package smtp

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const crlf = "\r\n"

// The lengths of command lines, in bytes and CRLF included.
const (
	// maxLine is RFC 5321 section 4.5.3.1.4.
	maxLine = 512
	// maxPathLine is for MAIL and RCPT, which extensions lengthen (SIZE by 26,
	// BODY by 17, AUTH and ORCPT by 500 each, ...): Postfix's line_length_limit.
	maxPathLine = 2048
	// maxAuthLine is RFC 4954 section 4.
	maxAuthLine = 12288
)

const (
	detailLine     = "a line is too long"
	detailLineEnd  = "a line must end with CRLF, and hold neither CR nor LF before it"
	detailCommands = "too many commands"
	detailErrors   = "too many errors"
	detailLastWord = "the last word has been said"
)

// lineLimit is how long a line may be that begins as in does.
func lineLimit(in []byte) int {
	if len(in) < 4 {
		return maxLine
	}
	switch v, _ := cutVerb(in[:4]); v {
	case verbAUTH:
		return maxAuthLine
	case verbMAIL, verbRCPT:
		return maxPathLine
	default:
		return maxLine
	}
}

// cutLine returns the line at the start of in without its CRLF, and how many
// bytes it takes with it. With n == 0 there is none: the step says what to do,
// which is to wait or to fail. The first fault decides, so that it doesn't
// matter in what pieces a line comes.
func cutLine(in []byte, limit int) (line []byte, n int, step codecs.Step) {
	window := in[:min(len(in), limit-1)]
	end := bytes.IndexAny(window, crlf)
	switch {
	case end < 0 && len(in) >= limit-1:
		return nil, 0, fail(codecs.Malformed, detailLine)
	case end < 0 || in[end] == '\r' && end+1 == len(in):
		return nil, 0, codecs.Step{}
	case in[end] == '\n' || in[end+1] != '\n':
		return nil, 0, fail(codecs.Malformed, detailLineEnd)
	default:
		return in[:end], end + len(crlf), codecs.Step{}
	}
}

// printable says that a line has no control characters.
func printable(line []byte) bool {
	for _, b := range line {
		if b < ' ' || b == 0x7f {
			return false
		}
	}
	return true
}
