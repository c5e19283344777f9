package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// sender remembers a MAIL until its first recipient says where it goes.
func (c *codec) sender(args, in []byte, n int) codecs.Step {
	if step, ok := c.routeLate(); ok {
		return step
	}
	if c.hello == nil || c.cfg.RouteBy != RouteByRCPT {
		return c.object(n, c.outOfPlace(replyNoHello))
	}
	if c.mail != nil {
		return c.object(n, replyNested)
	}
	if objection := c.checkSender(args); objection != "" {
		return c.object(n, objection)
	}
	c.mail = append([]byte(nil), in[:n]...)
	return c.say(n, replySender)
}

// recipient routes by the first RCPT.
func (c *codec) recipient(args, in []byte, n int) codecs.Step {
	if step, ok := c.routeLate(); ok {
		return step
	}
	if c.mail == nil {
		return c.object(n, c.outOfPlace(replyNoMail))
	}
	domain, objection := c.checkRecipient(args)
	if objection != "" {
		return c.object(n, objection)
	}
	c.last = append(c.last[:0], in[:n]...)
	c.envelope = &envelope{c: c, domain: appendLower(nil, domain)}
	return c.route(c.envelope.domain, n)
}

// checkSender returns what there is to say against the arguments of MAIL, ""
// if nothing.
func (c *codec) checkSender(args []byte) string {
	p, ok := parsePath(args, "FROM:")
	switch {
	case !ok:
		return replyBadSender
	case p.international && !c.cfg.utf8:
		return replyNoUTF8
	default:
		return ""
	}
}

// checkRecipient returns the domain in the arguments of RCPT, or what there is
// to say against them. <postmaster> alone is the one of this host (RFC 5321
// section 4.1.1.3).
func (c *codec) checkRecipient(args []byte) (domain []byte, objection string) {
	p, ok := parsePath(args, "TO:")
	switch {
	case ok && p.international && !c.cfg.utf8:
		return nil, replyNoUTF8
	case ok && len(p.domain) > 0:
		return p.domain, ""
	case ok && equalFold(p.local, "POSTMASTER"):
		return []byte(c.cfg.Name), ""
	default:
		return nil, replyBadRcpt
	}
}
