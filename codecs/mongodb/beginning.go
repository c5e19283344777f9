package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailPipelined = "a hello came before the one before it was answered"
	detailPinned    = "this connection serves one database's resource by OP_MSG only"
)

// beginning is what pass makes of a request's first bytes.
type beginning struct {
	// passes says that size bytes of it may pass, and that c.up knows the rest.
	passes bool
	size   int
	// instead is what to do with a request that doesn't pass: nothing until
	// there is more of it, an answer, a failure.
	instead codecs.Step
	// answer is the answer to a request of answered bytes. Valid iff answered
	// isn't zero; nil if the client wants none.
	answer   []byte
	answered int
}

func holdBack(v verdict) beginning {
	if v == broken {
		return beginning{instead: fail(codecs.Malformed, detailHeader)}
	}
	return beginning{}
}

func refused(k codecs.Kind, detail string) beginning {
	return beginning{instead: fail(k, detail)}
}

// step is the step for a request that doesn't pass, behind those up to at that
// do.
func (b *beginning) step(c *codec, in []byte, at int) codecs.Step {
	step := requested(b.instead, in, at)
	if b.answered == 0 {
		return step
	}
	step.Consumed += b.answered
	switch {
	case c.waiting == 0 && c.down.left == 0:
		step.ToClient = b.answer
	case c.late != nil:
		return requested(fail(codecs.Malformed, detailPipelined), in, at)
	default:
		c.late = &lateAnswer{reply: b.answer, after: c.waiting}
	}
	return step
}

// begin reads the beginning of the request b.
func (c *codec) begin(b []byte) beginning {
	h, v := readHeader(b)
	switch {
	case v != fine:
		return holdBack(v)
	case h.op == opMsg:
		return c.beginMessage(b, h)
	case h.op == opQuery && h.size <= maxBuffered:
		return c.beginQuery(b, h)
	case !h.op.requested():
		return holdBack(broken)
	default:
		return c.beginOther(h)
	}
}

// beginMessage reads the beginning of an OP_MSG, as far as its command's name.
func (c *codec) beginMessage(b []byte, h header) beginning {
	flags, v := readFlags(b, h)
	if v != fine {
		return holdBack(v)
	}
	w := walkSections(h, flags)
	switch peek(b[:min(len(b), h.size)], h, w) {
	case peekShort:
		return beginning{}
	case peekHello:
		return c.beginHello(b, h, flags)
	}
	c.await(request{id: h.id, mute: flags&flagMoreToCome != 0})
	if c.pins == nil {
		w.stage, w.skip = stageRest, w.left
	}
	c.up = w
	return beginning{passes: true, size: headerSize + flagsSize}
}

// peeked is what an OP_MSG's first bytes tell.
type peeked uint8

const (
	peekOther peeked = iota // it isn't a hello
	peekHello               // it is
	peekShort               // there must be more of it
)

// peek looks for a hello. A message whose first section isn't of kind 0 is taken
// for none: no driver sends hello like that.
func peek(message []byte, h header, w walker) peeked {
	const kindAt = headerSize + flagsSize
	switch {
	case h.size == kindAt:
		return peekOther
	case len(message) == kindAt:
		return peekShort
	case message[kindAt] != 0:
		return peekOther
	}
	_, found, e := w.walk(message[kindAt:])
	switch {
	case found == foundShort:
		return peekShort
	case found == foundName && isHello(e.name):
		return peekHello
	default:
		return peekOther
	}
}

// beginHello answers a hello once it is whole.
func (c *codec) beginHello(b []byte, h header, flags uint32) beginning {
	switch {
	case h.size > maxBuffered:
		return refused(codecs.Malformed, detailLong)
	case len(b) < h.size:
		return beginning{}
	}
	body, _ := messageBody(b[:h.size], flags) // the name was found in it
	return c.answerHello(request{id: h.id, mute: flags&flagMoreToCome != 0}, h.size, body)
}

func (c *codec) answerHello(r request, size int, body []byte) beginning {
	asked, detail := readHello(body)
	if detail != "" {
		return refused(codecs.Malformed, detail)
	}
	b := beginning{answered: size}
	if !r.mute {
		b.answer = c.helloReply(r, asked.manner, nil)
	}
	return b
}

// beginQuery reads an OP_QUERY, which may be a hello.
func (c *codec) beginQuery(b []byte, h header) beginning {
	if len(b) < h.size {
		return beginning{}
	}
	if body, ok := queryBody(b[:h.size]); ok && isHello(commandName(body)) {
		return c.answerHello(request{id: h.id, legacy: true}, h.size, body)
	}
	return c.beginOther(h)
}

// beginOther lets a message pass that isn't an OP_MSG. While the session is
// pinned none may, for it could be meant for any database: what is compressed
// wasn't agreed on then, and no server has taken the others since 5.1.
//
// Whether a compressed request wants a reply isn't known, so it isn't counted:
// a hello that comes before that reply is answered at once.
func (c *codec) beginOther(h header) beginning {
	if c.pins != nil {
		return refused(codecs.Unsupported, detailPinned)
	}
	if h.op == opQuery || h.op == opGetMore {
		c.await(request{id: h.id, legacy: true})
	}
	c.up = walker{left: uint32(h.size - headerSize)}
	return beginning{passes: true, size: headerSize}
}
