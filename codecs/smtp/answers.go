package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// answer is one that a client waits for.
type answer struct {
	kind answerKind
	// text is the answer itself, if it is ours.
	text string
}

// answerKind is where an answer comes from.
type answerKind uint8

const (
	// answerPassed: from the backend, and is passed on.
	answerPassed answerKind = iota
	// answerData: the same, and says whether a message follows.
	answerData
	// answerHello: from the backend; ours takes its place if it is positive.
	answerHello
	// answerQuit: from the backend, and ends the session if it is positive.
	answerQuit
	// answerHere: from us.
	answerHere
	// answerLast: from us, and ends the session.
	answerLast
)

var answerNames = []string{"passed", "data", "hello", "quit", "here", "last"}

// String returns the kind's name.
func (k answerKind) String() string { return nameOf(answerNames, int(k)) }

// ours says that the answer needs no reply of the backend's.
func (k answerKind) ours() bool { return k == answerHere || k == answerLast }

const detailUnasked = "the server has answered what it wasn't asked"

// pass passes a line on, and its answer when it comes.
func (e *envelope) pass(line []byte, a answer) codecs.Step {
	e.awaited = append(e.awaited, a)
	return codecs.Step{ToBackend: line, Consumed: len(line)}
}

// answer answers a command of n bytes here, when those before it have been
// answered.
func (e *envelope) answer(n int, text string) codecs.Step {
	if len(e.awaited) == 0 {
		return e.c.say(n, text)
	}
	e.awaited = append(e.awaited, answer{answerHere, text})
	return codecs.Step{Consumed: n}
}

// object is answer for a mistake of the client's.
func (e *envelope) object(n int, text string) codecs.Step {
	if e.c.errs() {
		return fail(codecs.TooMany, detailErrors)
	}
	return e.answer(n, text)
}

// part answers here as well, and ends the session with that. What the client
// sends behind it isn't looked at.
func (e *envelope) part(n int, text string) codecs.Step {
	if len(e.awaited) == 0 {
		return e.c.leave(n, []byte(text))
	}
	e.mode = modeGo
	e.awaited = append(e.awaited, answer{answerLast, text})
	return codecs.Step{Consumed: n}
}

// backend passes on the replies in in that are whole, and ours between them.
func (e *envelope) backend(in []byte) codecs.Step {
	e.c.out = e.c.out[:0]
	n := 0
	for n < len(in) {
		r, ok := parseReply(in[n:])
		if !ok || len(r.text) > 0 && !e.expects(r) {
			return e.broken(n, ok)
		}
		if len(r.text) == 0 {
			break
		}
		n += len(r.text)
		if e.hear(r) || e.speak() {
			return e.c.leave(n, e.c.out)
		}
	}
	return codecs.Step{ToClient: e.c.out, Consumed: n}
}

// expects says whether a reply may come now: the first of what is awaited is
// the backend's, and a backend that closes says so whenever it does.
func (e *envelope) expects(r reply) bool { return len(e.awaited) > 0 || r.code == codeClosing }

// broken ends a session whose replies don't fit its commands, with what has
// been heard before that. n bytes of the input are dealt with.
func (e *envelope) broken(n int, understood bool) codecs.Step {
	step := codecs.FailBackend(codecs.BackendForeign, detailReply)
	if understood {
		step.Failure.Detail = detailUnasked
	}
	step.ToClient, step.Consumed = e.c.out, n
	return step
}

// hear passes the backend's reply on to the command it belongs to, and says
// whether it ends the session.
func (e *envelope) hear(r reply) (last bool) {
	a := answer{kind: answerPassed}
	if len(e.awaited) > 0 {
		a, e.awaited = e.awaited[0], e.awaited[1:]
	}
	switch {
	case a.kind == answerHello && r.positive():
		e.c.out = append(e.c.out, a.text...)
		return false
	case a.kind == answerData && r.code == codeData:
		e.beginMessage()
	case a.kind == answerQuit && r.positive():
		last = true
	case a.kind == answerData || a.kind == answerQuit:
		e.mode = modeCommands
	}
	e.c.out = append(e.c.out, r.text...)
	return last
}

// speak appends our answers that are due, and says whether the last ends the
// session.
func (e *envelope) speak() (last bool) {
	for len(e.awaited) > 0 && e.awaited[0].kind.ours() {
		a := e.awaited[0]
		e.awaited = e.awaited[1:]
		e.c.out = append(e.c.out, a.text...)
		if a.kind == answerLast {
			return true
		}
	}
	if len(e.awaited) == 0 {
		e.awaited = nil
	}
	return false
}
