package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

const detailAfterTLS = "commands were sent behind STARTTLS"

// startTLS turns the client's leg to TLS (RFC 3207). The client waits for the
// reply: what is glued to the command may have been put there by somebody
// else, to be taken for encrypted.
func (c *codec) startTLS(in []byte, n int) codecs.Step {
	switch {
	case c.secured:
		return c.object(n, replyHasTLS)
	case !c.cfg.negotiable():
		return c.object(n, replyNotServed)
	case c.hello == nil || !c.extended:
		return c.object(n, replyNoHello)
	case len(in) > n:
		return fail(codecs.Malformed, detailAfterTLS)
	}
	step := c.say(n, replyStartTLS)
	step.Action = codecs.StartTLS
	return step
}
