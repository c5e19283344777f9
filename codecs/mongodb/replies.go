package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

// replies walks over the backend's replies.
type replies struct {
	// left is how many bytes of the current reply are still to come.
	left uint32
	// last says that it is the last one to its request.
	last bool
}

// pass walks over bytes of the current reply.
func (r *replies) pass(in []byte) int {
	n := min(r.left, uint32(len(in)))
	r.left -= n
	return int(n)
}

// begin reads the beginning of a reply and returns its length.
func (r *replies) begin(b []byte) (int, verdict) {
	h, v := readHeader(b)
	if v != fine {
		return 0, v
	}
	n, flags := headerSize, uint32(0)
	if h.op == opMsg {
		if flags, v = readFlags(b, h); v != fine {
			return 0, v
		}
		n += flagsSize
	}
	r.left, r.last = uint32(h.size-n), flags&flagMoreToCome == 0
	return n, fine
}

// ended reports once that the last reply to a request has passed.
func (r *replies) ended() bool {
	ended := r.left == 0 && r.last
	r.last = r.last && !ended
	return ended
}

// lateAnswer is the answer to a hello that came before earlier requests had
// theirs: a server answers in order. No driver sends one like that.
type lateAnswer struct {
	reply []byte
	// after is how many of the backend's replies come first.
	after uint32
}

// reply passes on the backend's replies, in the pieces they come in, and a late
// answer between two of them.
func (c *codec) reply(in []byte) codecs.Step {
	at := 0
	for {
		at += c.down.pass(in[at:])
		if c.down.ended() {
			c.replied()
		}
		if c.due() {
			return c.answerLate(in, at)
		}
		if at == len(in) || c.down.left > 0 {
			return codecs.Step{ToClient: in[:at], Consumed: at}
		}
		n, v := c.down.begin(in[at:])
		if v != fine {
			step := unanswered(v)
			step.ToClient, step.Consumed = in[:at], at
			return step
		}
		at += n
	}
}

// replied notes that a request has had its reply.
func (c *codec) replied() {
	c.waiting -= min(c.waiting, 1)
	if c.late != nil {
		c.late.after -= min(c.late.after, 1)
	}
	if c.waiting == 0 {
		c.request = request{}
	}
}

// due reports whether it is a late answer's turn.
func (c *codec) due() bool {
	return c.late != nil && c.late.after == 0 && c.down.left == 0
}

// answerLate is the step that gives a late answer behind what has passed. What
// follows is presented again.
func (c *codec) answerLate(in []byte, at int) codecs.Step {
	answer := append(in[:at:at], c.late.reply...)
	c.late = nil
	return codecs.Step{ToClient: answer, Consumed: at}
}
