package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// codec is one client's front end. What only a routed session needs is in
// handover and envelope.
type codec struct {
	cfg *settings
	// hello is the client's EHLO or HELO as it sent it, nil before; of a name
	// of ordinary length it lies in the codec itself.
	hello []byte
	// mail is the MAIL that is waiting for its first recipient, nil if none.
	mail []byte
	// last is the command that was routed by, with the lines that belong to it.
	last []byte
	// resource is the resource id in lower case, where the input wasn't.
	resource []byte
	// out is what the current step says.
	out []byte
	// serverName is the name the client's TLS handshake asked for.
	serverName string
	handover   *handover
	envelope   *envelope
	// commands and errors count what came before the routing and what was
	// refused.
	commands, errors int
	phase            phase
	dialogue         dialogue
	// extended says that the client said EHLO, answered that it was answered
	// here, secured that its leg is encrypted.
	extended, answered, secured bool
	// silent says that nothing more is to be said to the client, ended that the
	// client will say nothing more.
	silent, ended bool

	inline [64]byte
}

var (
	_ codecs.Codec    = (*codec)(nil)
	_ codecs.Ender    = (*codec)(nil)
	_ codecs.Upgrader = (*codec)(nil)
)

// phase is where a codec is in the life of its connection.
type phase uint8

const (
	// phaseCommands: commands are answered here. Entered at New; left for
	// phaseAuth by an AUTH without its first response, for phaseRouted by what
	// the client is routed by.
	phaseCommands phase = iota
	// phaseAuth: the client's next line is its response to a challenge. Back to
	// phaseCommands when it cancels, on to phaseRouted when it responds.
	phaseAuth
	// phaseRouted: the backend is being found and connected. Left by Open.
	phaseRouted
	// phaseHandover: the backend is told what the client has said. Left by
	// Relay, or for phaseEnvelope.
	phaseHandover
	// phaseEnvelope: the session stands, and recipients are looked at.
	phaseEnvelope
	// phaseOver: the last word has been said. Terminal.
	phaseOver
)

var phaseNames = []string{"commands", "auth", "routed", "handover", "envelope", "over"}

// String returns the phase's name.
func (p phase) String() string { return nameOf(phaseNames, int(p)) }

// Start greets the client.
func (c *codec) Start() codecs.Step { return codecs.Step{ToClient: c.cfg.greeting} }

// Client answers commands, and holds back what comes while the backend is
// opened.
func (c *codec) Client(in []byte) codecs.Step {
	switch c.phase {
	case phaseCommands:
		return c.command(in)
	case phaseAuth:
		return c.response(in)
	case phaseEnvelope:
		return c.envelope.client(in)
	case phaseOver:
		return codecs.Step{Consumed: len(in)}
	default:
		return codecs.Step{}
	}
}

// Open begins the handover. The backend is to speak first.
func (c *codec) Open(_ []byte, t codecs.Target) codecs.Step {
	c.phase = phaseHandover
	c.handover = &handover{codec: c, client: t.Client, tls: t.TLS}
	return codecs.Step{}
}

// Backend goes on with the handover, and then passes on the replies.
func (c *codec) Backend(in []byte) codecs.Step {
	switch c.phase {
	case phaseHandover:
		return c.handover.backend(in)
	case phaseEnvelope:
		return c.envelope.backend(in)
	default:
		return codecs.Step{Consumed: len(in)}
	}
}

// ClientEnded implements codecs.Ender: what a client says at once is looked at
// like all else, though it ends its side behind it.
func (c *codec) ClientEnded() { c.ended = true }

// Secured forgets what the client said in the clear (RFC 3207 section 4.2).
func (c *codec) Secured(t codecs.TLS) codecs.Step {
	c.secured, c.serverName = true, t.ServerName
	c.hello, c.mail, c.answered = nil, nil, false
	return codecs.Step{}
}

// BackendSecured says hello again, to hear what the backend has within TLS.
func (c *codec) BackendSecured([]byte) codecs.Step {
	c.handover.encrypted = true
	return c.handover.sayHello(0)
}

// Refuse speaks f as a reply, unless the last word has been said.
func (c *codec) Refuse(dst []byte, f codecs.Failure) []byte {
	if c.silent {
		return dst
	}
	return appendRefusal(dst, f)
}

// say answers the client's command of n bytes.
func (c *codec) say(n int, reply string) codecs.Step {
	c.out = append(c.out[:0], reply...)
	return codecs.Step{ToClient: c.out, Consumed: n}
}

// object refuses the client's command of n bytes, and the client when that
// happens too often.
func (c *codec) object(n int, reply string) codecs.Step {
	if c.errs() {
		return fail(codecs.TooMany, detailErrors)
	}
	return c.say(n, reply)
}

// errs counts a mistake of the client's and says whether it is one too many.
func (c *codec) errs() bool {
	c.errors++
	return c.errors > c.cfg.MaxErrors
}

// leave ends the session in good order, with reply as the last word to the
// client.
func (c *codec) leave(n int, reply []byte) codecs.Step {
	c.phase = phaseOver
	return codecs.Step{Action: codecs.Close, Consumed: n, ToClient: reply}
}

// passDenial ends the session because of the backend, whose reply is the last
// word to the client.
func (c *codec) passDenial(r reply) codecs.Step {
	c.phase, c.silent = phaseOver, true
	return codecs.Step{
		Action: codecs.Fail, Consumed: len(r.text), ToClient: r.text,
		Failure: codecs.Failure{Kind: codecs.Unavailable, Detail: detailLastWord},
	}
}

// fail ends the session for a reason of the codec's own.
func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
