package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailRename  = "the resolver names another database, which MongoDB's clients can't be given"
	detailBackend = "the backend doesn't answer as a MongoDB server"
)

// Open passes on the request that was routed, behind the client's first hello
// if that has been answered here. Called again, it says that another database
// the client wants lives at the same backend.
func (c *codec) Open(in []byte, t codecs.Target) codecs.Step {
	name := t.Metadata[codecs.MetadataDatabase]
	switch {
	case c.asking:
		return c.allow(in, name)
	case name != "" && renamed(c.database(in), name):
		return fail(codecs.Internal, detailRename)
	case c.by == byHello:
		return c.openWithHello(in)
	default:
		return c.openWithCommand(in)
	}
}

// renamed reports whether the resolver names another database than the client.
// Its name stands in every request, and in cursors and errors of the replies:
// it can't be another on the way.
func renamed(database []byte, name string) bool {
	return name != "" && name != string(database)
}

// database returns the database's name by which the request at the start of
// in, which has been read before, was routed.
func (c *codec) database(in []byte) []byte {
	if c.by == byHello {
		_, h := rereadHello(in)
		return h.auth
	}
	h, _ := readHeader(in)
	flags, _ := readFlags(in, h)
	w := walkSections(h, flags)
	at := headerSize + flagsSize
	n, _, _ := w.walk(in[at:])
	_, _, db := w.walk(in[at+n:])
	return db.text()
}

// rereadHello reads the hello at the start of in, which is valid.
func rereadHello(in []byte) (size int, h hello) {
	head, _ := readHeader(in)
	message := in[:head.size]
	var body []byte
	if head.op == opQuery {
		body, _ = queryBody(message)
	} else {
		flags, _ := readFlags(in, head)
		body, _ = messageBody(message, flags)
	}
	h, _ = readHello(body)
	return head.size, h
}

// openWithHello passes on a hello whose reply the client awaits.
func (c *codec) openWithHello(in []byte) codecs.Step {
	if c.options.ShowTopology {
		return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
	}
	size, h := rereadHello(in)
	c.asked = h.manner
	c.phase = phaseGreeting
	return codecs.Step{ToBackend: in[:size], Consumed: size}
}

// openWithCommand passes on the hello answered before. The command follows
// without waiting for the reply, as all bytes of the client do from here on.
func (c *codec) openWithCommand(in []byte) codecs.Step {
	if !c.options.ShowTopology {
		c.pin(in)
		c.waiting, c.request = 0, request{} // counted when it is passed on
	}
	kept := c.hello
	c.hello = nil
	switch {
	case kept != nil:
		c.phase = phaseReplaying
		return codecs.Step{ToBackend: kept}
	case c.options.ShowTopology:
		return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
	default:
		c.phase = phaseStanding
		return codecs.Step{Action: codecs.Stand}
	}
}

// swallow keeps the reply to the client's first hello from the client, who has
// had one.
func (c *codec) swallow(in []byte) codecs.Step {
	if c.down.left == 0 {
		h, v := readHeader(in)
		if v != fine {
			return unanswered(v)
		}
		c.down.left = uint32(h.size)
	}
	n := c.down.pass(in)
	if c.down.left > 0 {
		return codecs.Step{Consumed: n}
	}
	if c.options.ShowTopology {
		return codecs.Step{Action: codecs.Relay, Consumed: n}
	}
	return c.stand(nil, in, n)
}

// unanswered is the step for a reply's header that isn't there, or none.
func unanswered(v verdict) codecs.Step {
	if v == short {
		return codecs.Step{}
	}
	return codecs.FailBackend(codecs.BackendForeign, detailBackend)
}

// stand begins phaseStanding: the client hears first, and then what the backend
// has said beyond n.
func (c *codec) stand(first, in []byte, n int) codecs.Step {
	c.phase = phaseStanding
	step := c.reply(in[n:])
	step.Consumed += n
	if first != nil {
		step.ToClient = append(first, step.ToClient...)
	}
	if step.Action == codecs.More {
		step.Action = codecs.Stand
	}
	return step
}
