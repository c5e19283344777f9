package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// envelope follows a session that was routed by a recipient, so that those of
// other domains don't get to its backend.
type envelope struct {
	c *codec
	// domain is the one that was routed by, in lower case.
	domain []byte
	// refused is the backend's refusal of the MAIL that the client holds for
	// accepted, "" if there is none.
	refused string
	// awaited are the answers that are still to come, in the order of the
	// commands.
	awaited []answer
	// left is how many bytes of the current chunk are still to come.
	left uint64
	// tail is the last two bytes of the message before what comes next.
	tail [2]byte
	mode mode
	// chunking says that BDAT is served. passed says that a recipient of this
	// transaction has been passed on.
	chunking, passed bool
}

// mode is what the client's next bytes are.
type mode uint8

const (
	// modeCommands: commands. Left for the others by DATA and BDAT.
	modeCommands mode = iota
	// modeGo: nothing, until the backend has answered DATA or QUIT. Left for
	// modeMessage when it says 354, and for modeCommands when it refuses.
	modeGo
	// modeMessage: a message. Left for modeCommands at its end.
	modeMessage
	// modeChunk: a chunk, of a length that is known. Left for modeCommands.
	modeChunk
)

var modeNames = []string{"commands", "go", "message", "chunk"}

// String returns the mode's name.
func (m mode) String() string { return nameOf(modeNames, int(m)) }

// maxAwaited is how many commands a client may send without waiting: more than
// fit into maxPending, and a bound to the memory they take.
const maxAwaited = 4096

const (
	detailPipeline = "too many commands without waiting for the replies"
	detailChunk    = "BDAT is not served here"
)

// client deals with what the client says, in one step for each command. What a
// client that has ended hasn't said to its end ends the session.
func (e *envelope) client(in []byte) codecs.Step {
	step := e.look(in)
	waits := step.Action == codecs.More && step.Consumed == 0 && e.mode != modeGo
	if e.c.ended && waits && (e.mode == modeMessage || len(e.awaited) == 0) {
		return e.c.leave(len(in), nil)
	}
	return step
}

func (e *envelope) look(in []byte) codecs.Step {
	switch e.mode {
	case modeGo:
		return codecs.Step{}
	case modeMessage:
		return e.message(in)
	case modeChunk:
		return e.chunk(in)
	default:
		return e.follow(in)
	}
}

// follow passes on the command at the start of in, or answers it.
func (e *envelope) follow(in []byte) codecs.Step {
	line, n, step := cutLine(in, lineLimit(in))
	if n == 0 {
		return step
	}
	if len(e.awaited) >= maxAwaited {
		return fail(codecs.TooMany, detailPipeline)
	}
	v, args := cutVerb(line)
	switch {
	case !printable(line):
		return e.object(n, replyControls)
	case v.bare() && len(args) > 0:
		return e.object(n, replyArguments)
	}
	return e.obey(v, args, in, n)
}

// obey is for what a backend may see: all else is answered here.
func (e *envelope) obey(v verb, args, in []byte, n int) codecs.Step {
	switch v {
	case verbEHLO, verbHELO:
		return e.again(v, args, in[:n])
	case verbMAIL:
		return e.sender(args, in[:n])
	case verbRCPT:
		return e.recipient(args, in[:n])
	case verbDATA:
		e.mode = modeGo
		return e.pass(in[:n], answer{kind: answerData})
	case verbBDAT:
		return e.beginChunk(args, in[:n])
	case verbRSET:
		e.passed, e.refused = false, ""
		return e.pass(in[:n], answer{kind: answerPassed})
	case verbNOOP:
		return e.pass(in[:n], answer{kind: answerPassed})
	case verbQUIT:
		e.mode = modeGo
		return e.pass(in[:n], answer{kind: answerQuit})
	case verbSTARTTLS, verbAUTH:
		return e.object(n, replyTooLate)
	case verbVRFY:
		return e.answer(n, replyVerify)
	case verbHELP:
		return e.answer(n, replyHelp)
	case verbEXPN:
		return e.object(n, replyNotServed)
	default:
		return e.object(n, replyUnknown)
	}
}

// again passes a further hello on, which begins anew at the backend too. It is
// answered as the first one was.
func (e *envelope) again(v verb, name, line []byte) codecs.Step {
	if !validName(name) {
		return e.object(len(line), replyNoName)
	}
	e.c.extended = v == verbEHLO
	e.passed, e.refused = false, ""
	return e.pass(line, answer{kind: answerHello, text: string(e.c.welcome())})
}

// sender begins a transaction at the backend.
func (e *envelope) sender(args, line []byte) codecs.Step {
	if objection := e.c.checkSender(args); objection != "" {
		return e.object(len(line), objection)
	}
	e.passed, e.refused = false, ""
	return e.pass(line, answer{kind: answerPassed})
}

// recipient passes on a recipient of the session's domain, and no other.
func (e *envelope) recipient(args, line []byte) codecs.Step {
	domain, objection := e.c.checkRecipient(args)
	switch {
	case objection != "":
		return e.object(len(line), objection)
	case e.refused != "":
		return e.answer(len(line), e.refused)
	case sameName(domain, e.domain):
		e.passed = true
		return e.pass(line, answer{kind: answerPassed})
	case e.passed:
		return e.answer(len(line), replyOtherRcpt)
	default:
		return e.part(len(line), replyOtherFirst)
	}
}
