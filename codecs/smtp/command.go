package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// tlsHandshake is the first byte of a TLS client, and of no command.
const tlsHandshake = 0x16

const (
	detailImplicitTLS = "TLS begins with STARTTLS here"
	detailForeign     = "this is a mail server"
)

// command answers the command at the start of in.
func (c *codec) command(in []byte) codecs.Step {
	if in[0] == tlsHandshake {
		return fail(codecs.Unsupported, detailImplicitTLS)
	}
	line, n, step := cutLine(in, lineLimit(in))
	if n == 0 {
		return step
	}
	if c.commands++; c.commands > c.cfg.MaxCommands {
		return fail(codecs.TooMany, detailCommands)
	}
	v, args := cutVerb(line)
	switch {
	case v == verbForeign:
		return fail(codecs.Malformed, detailForeign)
	case !printable(line):
		return c.object(n, replyControls)
	case v.bare() && len(args) > 0:
		return c.object(n, replyArguments)
	case c.cfg.needsTLS() && !c.secured && !v.allowedInClear():
		return c.object(n, replyNeedsTLS)
	}
	return c.obey(v, args, in, n)
}

// allowedInClear says what a client may do where TLS is required before it has
// that (RFC 3207 section 4).
func (v verb) allowedInClear() bool {
	return v == verbEHLO || v == verbSTARTTLS || v == verbNOOP || v == verbQUIT
}

// obey does what the first line of in says, which is n bytes.
func (c *codec) obey(v verb, args, in []byte, n int) codecs.Step {
	switch v {
	case verbEHLO, verbHELO:
		return c.greet(v, args, in, n)
	case verbSTARTTLS:
		return c.startTLS(in, n)
	case verbAUTH:
		return c.auth(args, in, n)
	case verbMAIL:
		return c.sender(args, in, n)
	case verbRCPT:
		return c.recipient(args, in, n)
	case verbDATA, verbBDAT:
		return c.content(v, n)
	case verbRSET:
		c.mail = nil
		return c.say(n, replyOK)
	case verbNOOP:
		return c.say(n, replyOK)
	case verbQUIT:
		return c.leave(n, c.cfg.goodbye)
	default:
		return c.chat(v, n)
	}
}

// chat answers what leads to nothing, before the routing and after it.
func (c *codec) chat(v verb, n int) codecs.Step {
	switch v {
	case verbVRFY:
		return c.say(n, replyVerify)
	case verbHELP:
		return c.say(n, replyHelp)
	case verbEXPN:
		return c.object(n, replyNotServed)
	default:
		return c.object(n, replyUnknown)
	}
}

// content refuses DATA and BDAT, which come too early. What follows BDAT isn't
// a command, and the client doesn't wait before it sends that.
func (c *codec) content(v verb, n int) codecs.Step {
	if v == verbBDAT {
		return fail(codecs.Malformed, detailChunk)
	}
	if step, ok := c.routeLate(); ok {
		return step
	}
	if c.mail == nil {
		return c.object(n, c.outOfPlace(replyNoMail))
	}
	return c.object(n, replyNoRcpt)
}

// outOfPlace is the reply to a command that needs something before it, if
// nothing but a hello is missing for that.
func (c *codec) outOfPlace(reply string) string {
	switch {
	case c.hello == nil:
		return replyNoHello
	case c.cfg.RouteBy == RouteByAUTH:
		return replyNeedsAuth
	default:
		return reply
	}
}
