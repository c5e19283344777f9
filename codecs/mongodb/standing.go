package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

// pass passes the client's requests on in the pieces they come in, and answers
// hello. Of a request it reads the beginning, and all up to the $db while the
// session is pinned; only what is cut off within a field is held back.
func (c *codec) pass(in []byte) codecs.Step {
	at := 0
	for at < len(in) {
		if c.up.left == 0 {
			b := c.begin(in[at:])
			if !b.passes {
				return b.step(c, in, at)
			}
			at += b.size
		}
		n, found, e := c.up.walk(in[at:])
		at += n
		switch {
		case found == foundBroken:
			return requested(fail(codecs.Malformed, detailSections), in, at)
		case found == foundShort:
			return requested(codecs.Step{}, in, at)
		case found == foundDatabase && !c.pins.hold(e.text()):
			return requested(c.ask(e.text()), in, at)
		}
	}
	return requested(codecs.Step{}, in, at)
}

// requested completes a step by which in is passed on up to end.
func requested(step codecs.Step, in []byte, end int) codecs.Step {
	step.ToBackend, step.Consumed = in[:end], end
	return step
}
