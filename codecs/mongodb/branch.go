package mongodb

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// maxDue is how many requests may await their replies of one backend. Drivers
// have one at a time, and unacknowledged writes have none.
const maxDue = 64

// branch is one of a client's backends. Its replies are told apart by the requests
// they name.
type branch struct {
	m *multiplexer // of which Backend and Refuse use only what never changes
	// database is the name that the resolver gives the client's database, "" for
	// the client's own.
	database string
	// hello is the client's first hello, for the backend.
	hello []byte
	// dues are the requests that await replies, in order.
	dues []due
	// down is where the reply ends that is under way, and quiet says that the
	// client isn't to get it.
	down  replies
	quiet bool
}

// due is a request that awaits a reply.
type due struct {
	request
	// next is what its next reply names: the request, or the reply before it in a
	// stream (the wire protocol's "exhaust").
	next int32
	// asked is what a hello that logs in wants to hear, nil for other requests.
	asked *manner
	// quiet says that the reply is for nobody.
	quiet bool
}

var _ codecs.Branch = (*branch)(nil)

// Hello implements codecs.Branch.
func (b *branch) Hello() []byte {
	hello := b.hello
	b.hello = nil
	if h, v := readHeader(hello); v == fine {
		b.dues = append(b.dues, due{request: request{id: h.id}, next: h.id, quiet: true})
	}
	return hello
}

// Pass implements codecs.Branch.
func (b *branch) Pass() codecs.Step {
	c := &b.m.codec
	if name := b.m.database; b.database != "" && name != nil && !everywhere(name) && renamed(name, b.database) {
		return fail(codecs.Internal, detailRename)
	}
	b.m.last = b.m.wanted
	if !c.request.mute {
		b.dues = append(b.dues, due{request: c.request, next: c.request.id, asked: b.m.asked})
	}
	return codecs.Step{}
}

// Full implements codecs.Branch.
func (b *branch) Full() bool { return len(b.dues) >= maxDue }

// Owes implements codecs.Branch.
func (b *branch) Owes() bool {
	return b.down.left > 0 && !b.quiet || slices.ContainsFunc(b.dues, func(d due) bool { return !d.quiet })
}

// Within implements codecs.Branch.
func (b *branch) Within() bool { return b.down.left > 0 && !b.quiet }

// Backend implements codecs.Branch. A step passes on one reply at most.
func (b *branch) Backend(in []byte) codecs.Step {
	if b.down.left > 0 {
		return b.shown(in, b.down.pass(in))
	}
	h, v := readHeader(in)
	if v != fine {
		return unanswered(v)
	}
	at := b.due(int32(binary.LittleEndian.Uint32(in[8:])))
	switch {
	case at < 0:
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	case b.dues[at].asked != nil:
		return b.greet(in, h, at)
	}
	n, v := b.down.begin(in)
	if v != fine {
		return unanswered(v)
	}
	b.quiet = b.dues[at].quiet
	if b.down.last {
		b.dues = slices.Delete(b.dues, at, at+1)
	} else {
		b.dues[at].next = h.id
	}
	return b.shown(in, n)
}

// shown is the step that consumes n bytes of a reply.
func (b *branch) shown(in []byte, n int) codecs.Step {
	step := codecs.Step{Consumed: n}
	if !b.quiet {
		step.ToClient = in[:n]
	}
	return step
}

// due returns which request a reply is for, -1 for none. Servers name the request
// in all replies of a stream, or the reply before.
func (b *branch) due(to int32) int {
	return slices.IndexFunc(b.dues, func(d due) bool { return d.next == to || d.id == to })
}

// greet turns the reply to a hello that logs in into ours, as codec.greet does. It
// offers no compression: what is compressed has no $db to route by.
func (b *branch) greet(in []byte, h header, at int) codecs.Step {
	switch {
	case h.size > maxBuffered:
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	case len(in) < h.size:
		return codecs.Step{}
	}
	body, ok := replyBody(in[:h.size], h.op)
	if !ok {
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
	d := b.dues[at]
	b.dues = slices.Delete(b.dues, at, at+1)
	answer := bytes.Clone(in[:h.size])
	if extra, succeeded := loginFields(body); succeeded {
		answer = b.m.codec.helloReply(d.request, *d.asked, extra)
	}
	return codecs.Step{ToClient: answer, Consumed: h.size}
}

// loginFields is greetingFields without compression.
func loginFields(body []byte) (fields []byte, succeeded bool) {
	all, succeeded := greetingFields(body)
	for len(all) > 0 {
		e, _ := readElement(all) // which greetingFields has read
		if string(e.name) != "compression" {
			fields = append(fields, all[:e.size]...)
		}
		all = all[e.size:]
	}
	return fields, succeeded
}

// Refuse implements codecs.Branch.
func (b *branch) Refuse(dst []byte, f codecs.Failure) []byte {
	for _, d := range b.dues {
		if !d.quiet {
			dst = appendRefusal(dst, d.request, f)
		}
	}
	b.dues = nil
	return dst
}
