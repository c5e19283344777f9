package smtp

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const detailDot = "a dot stands on a line of its own between line ends that aren't CRLF"

// beginMessage is for the backend's 354: what comes is a message, whose answer
// may come before its end. Its first line begins behind DATA's CRLF.
func (e *envelope) beginMessage() {
	e.mode, e.tail = modeMessage, [2]byte{'\r', '\n'}
	e.awaited = append(e.awaited, answer{kind: answerPassed})
}

// message passes a message on, to its end if that is there. A dot at the start
// of a line waits for the two bytes behind it.
func (e *envelope) message(in []byte) codecs.Step {
	for at := 0; ; {
		dot := bytes.IndexByte(in[at:], '.')
		if dot < 0 {
			return e.content(in, len(in))
		}
		dot += at
		switch judge(e.before(in, dot), in[dot+1:]) {
		case dotOrdinary:
			at = dot + 1
		case dotUndecided:
			return e.content(in, dot)
		case dotEnd:
			e.mode = modeCommands
			return e.content(in, dot+len(".\r\n"))
		default:
			return e.ambiguous(in[:dot])
		}
	}
}

// content passes on n bytes of a message.
func (e *envelope) content(in []byte, n int) codecs.Step {
	if n == 0 {
		return codecs.Step{}
	}
	e.tail = e.before(in, n)
	return codecs.Step{ToBackend: in[:n], Consumed: n}
}

// before returns the two bytes of the message before in[i].
func (e *envelope) before(in []byte, i int) [2]byte {
	switch i {
	case 0:
		return e.tail
	case 1:
		return [2]byte{e.tail[1], in[0]}
	default:
		return [2]byte{in[i-2], in[i-1]}
	}
}

// ambiguous ends the session within a message, so that the backend never sees
// what is behind the dot.
func (e *envelope) ambiguous(before []byte) codecs.Step {
	step := fail(codecs.Malformed, detailDot)
	step.ToBackend, step.Consumed = before, len(before)
	return step
}

// verdict is what a dot in a message means.
type verdict uint8

const (
	// dotOrdinary: it is part of a line.
	dotOrdinary verdict = iota
	// dotUndecided: that depends on what follows.
	dotUndecided
	// dotEnd: it ends the message.
	dotEnd
	// dotAmbiguous: it ends the message for some servers.
	dotAmbiguous
)

var verdictNames = []string{"ordinary", "undecided", "end", "ambiguous"}

// String returns the verdict's name.
func (v verdict) String() string { return nameOf(verdictNames, int(v)) }

// judge says what a dot between these bytes means. One on a line of its own
// ends the message if both line ends are CRLF, and is ambiguous if one of them
// is only CR or LF.
func judge(before [2]byte, after []byte) verdict {
	begins := before[1] == '\r' || before[1] == '\n'
	strict := before == [2]byte{'\r', '\n'}
	switch {
	case !begins:
		return dotOrdinary
	case len(after) == 0:
		return dotUndecided
	case after[0] != '\r' && after[0] != '\n':
		return dotOrdinary
	case !strict || after[0] == '\n':
		return dotAmbiguous
	case len(after) == 1:
		return dotUndecided
	case after[1] != '\n':
		return dotAmbiguous
	default:
		return dotEnd
	}
}
