package smtp

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// dialogue is what the client's next line responds to, in phaseAuth.
type dialogue uint8

const (
	// dialoguePlain: to the empty challenge of PLAIN.
	dialoguePlain dialogue = iota
	// dialogueLogin: to LOGIN's question for the user name.
	dialogueLogin
)

var dialogueNames = []string{"plain", "login"}

// String returns the dialogue's name.
func (d dialogue) String() string { return nameOf(dialogueNames, int(d)) }

// auth begins AUTH (RFC 4954): with an initial response it names the user, and
// else asks for it.
func (c *codec) auth(args, in []byte, n int) codecs.Step {
	if step, ok := c.routeLate(); ok {
		return step
	}
	if objection := c.cannotAuth(); objection != "" {
		return c.object(n, objection)
	}
	mechanism, initial, _ := bytes.Cut(args, []byte{' '})
	d, question := dialoguePlain, replyChallenge
	switch {
	case equalFold(mechanism, "PLAIN"):
	case equalFold(mechanism, "LOGIN"):
		d, question = dialogueLogin, replyUserName
	default:
		return c.object(n, replyMechanism)
	}
	c.last = append(c.last[:0], in[:n]...)
	if len(initial) > 0 {
		return c.identify(d, initial, n)
	}
	c.phase, c.dialogue = phaseAuth, d
	return c.say(n, question)
}

// cannotAuth returns what there is to say against AUTH here and now, "" if
// nothing.
func (c *codec) cannotAuth() string {
	switch {
	case c.hello == nil || !c.extended:
		return replyNoHello
	case c.cfg.RouteBy != RouteByAUTH:
		return replyNotServed
	case !c.cfg.authenticates(c.secured):
		return replyAuthClear
	default:
		return ""
	}
}

// response takes the client's response to a challenge.
func (c *codec) response(in []byte) codecs.Step {
	line, n, step := cutLine(in, maxAuthLine)
	if n == 0 {
		return step
	}
	c.phase = phaseCommands
	if len(line) == 1 && line[0] == '*' {
		return c.object(n, replyCancelled)
	}
	c.last = append(c.last, in[:n]...)
	return c.identify(c.dialogue, line, n)
}

// identify routes by the user in a response: by the domain of a name that has
// one, else by the name. n bytes of the input are dealt with.
func (c *codec) identify(d dialogue, response []byte, n int) codecs.Step {
	user, ok := userName(d, response)
	if !ok {
		return c.object(n, replyBadBase64)
	}
	if at := bytes.LastIndexByte(user, '@'); at >= 0 {
		user = appendLower(nil, user[at+1:])
	}
	if !validName(user) {
		return c.object(n, replyBadBase64)
	}
	c.phase = phaseRouted
	return codecs.Step{Action: codecs.Route, Resource: user, Consumed: n}
}

// userName decodes a response. PLAIN's is the identity to act as, the user and
// the password, with NULs between them (RFC 4616 section 2).
func userName(d dialogue, response []byte) (user []byte, ok bool) {
	decoded, err := base64.StdEncoding.Strict().AppendDecode(nil, response)
	if err != nil || !utf8.Valid(decoded) {
		return nil, false
	}
	if d == dialogueLogin {
		return decoded, true
	}
	parts := bytes.Split(decoded, []byte{0})
	if len(parts) != 3 {
		return nil, false
	}
	return parts[1], true
}
