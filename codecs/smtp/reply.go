package smtp

import "bytes"

// reply is one reply of the backend's, of however many lines (RFC 5321 section
// 4.2.1). It aliases the input.
type reply struct {
	// text is all of it, code the number every line begins with.
	text []byte
	code int
}

// positive says that the command was obeyed.
func (r reply) positive() bool { return r.code/100 == 2 }

// The codes that are waited for.
const (
	codeReady     = 220
	codeChallenge = 334
	codeData      = 354
	codeClosing   = 421
)

// parseReply returns the reply at the start of in. ok is false when it is none;
// its text is empty when it isn't whole. Lines that end in LF alone are taken:
// nothing can be smuggled to a client that waits for one reply at a time, and
// it may be less strict than we.
func parseReply(in []byte) (r reply, ok bool) {
	for at := 0; ; {
		end := bytes.IndexByte(in[at:], '\n')
		if end < 0 {
			return reply{}, len(in) < maxPending && plausible(in[at:])
		}
		code, last := parseCode(in[at : at+end])
		if code == 0 || at > 0 && code != r.code {
			return reply{}, false
		}
		r.code = code
		at += end + 1
		if last {
			r.text = in[:at]
			return r, true
		}
	}
}

// plausible says that the start of a line may become a reply's.
func plausible(line []byte) bool {
	for i := range min(len(line), 3) {
		if line[i] < '0' || line[i] > '9' {
			return false
		}
	}
	return true
}

// parseCode reads the start of a reply's line: the code, 0 if it has none, and
// whether it is the last line.
func parseCode(line []byte) (code int, last bool) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if len(line) < 3 || !plausible(line) || line[0] < '2' || line[0] > '5' {
		return 0, false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if len(line) == 3 {
		return code, true
	}
	switch line[3] {
	case ' ':
		return code, true
	case '-':
		return code, false
	default:
		return 0, false
	}
}

// lines calls f with what follows the code in every line but the first, until
// f returns false: the capabilities in a reply to EHLO.
func (r reply) lines(f func(line []byte) bool) {
	_, rest, _ := bytes.Cut(r.text, []byte{'\n'})
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		line = bytes.TrimRight(line, "\r ")
		if len(line) > 4 && !f(line[4:]) {
			return
		}
	}
}

// appendWithout appends a reply to EHLO without the capability of that
// keyword.
func (r reply) appendWithout(dst []byte, keyword string) []byte {
	first, _, _ := bytes.Cut(r.text, []byte{'\n'})
	from := len(dst)
	dst = append(append(dst, first...), '\n')
	last := from
	r.lines(func(line []byte) bool {
		word, _, _ := bytes.Cut(line, []byte{' '})
		if !equalFold(word, keyword) {
			last = len(dst)
			dst = append(append(append(dst, r.text[:3]...), '-'), line...)
			dst = append(dst, crlf...)
		}
		return true
	})
	if len(bytes.TrimRight(dst[last:], crlf)) > 3 {
		dst[last+3] = ' '
	}
	return dst
}
