package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailHeader     = "invalid message header"
	detailSections   = "invalid OP_MSG"
	detailFlags      = "unknown flags in OP_MSG"
	detailLong       = "message too long"
	detailNoDatabase = "OP_MSG requests require a $db argument"
	detailDatabase   = "invalid database name"
	detailQuery      = "OP_QUERY is only served for hello: the client driver may require an upgrade"
	detailOldOps     = "only OP_MSG is served: the client driver may require an upgrade"
	detailCompressed = "a compressed message came before compression was agreed on"
)

// serve reads the request at the start of in: it is answered here, or routes.
// It decides as early as it can, and on the earliest cause, so that how the
// bytes arrive makes no difference.
func (c *codec) serve(in []byte) codecs.Step {
	c.waiting, c.request = 0, request{}
	h, v := readHeader(in)
	switch {
	case v == short:
		return codecs.Step{}
	case v == broken || !h.op.requested():
		return fail(codecs.Malformed, detailHeader)
	}
	c.await(request{id: h.id, legacy: h.op == opQuery || h.op == opGetMore})
	switch h.op {
	case opMsg:
		return c.serveMessage(in, h)
	case opQuery:
		return c.serveQuery(in, h)
	case opCompressed:
		return fail(codecs.Unsupported, detailCompressed)
	default:
		return fail(codecs.Unsupported, detailOldOps)
	}
}

// await remembers a request that a reply is due to.
func (c *codec) await(r request) {
	if !r.mute {
		c.request = r
		c.waiting++
	}
}

// serveQuery serves an OP_QUERY, by which drivers that don't know the server
// yet say hello.
func (c *codec) serveQuery(in []byte, h header) codecs.Step {
	switch {
	case h.size > maxBuffered:
		return fail(codecs.Malformed, detailLong)
	case len(in) < h.size:
		return codecs.Step{}
	}
	body, ok := queryBody(in[:h.size])
	if !ok || !isHello(commandName(body)) {
		return fail(codecs.Unsupported, detailQuery)
	}
	return c.serveHello(in, command{request: c.request, size: h.size, body: body}, 0)
}

// commandName returns the name of a document's first field, nil if it has none.
func commandName(body []byte) []byte {
	if d, ok := readDocument(body); ok && d.next() {
		return d.name
	}
	return nil
}

// serveMessage serves an OP_MSG. The commands answered here must be whole; for
// all others it is enough that their $db is there.
func (c *codec) serveMessage(in []byte, h header) codecs.Step {
	flags, v := readFlags(in, h)
	switch {
	case v == short:
		return codecs.Step{}
	case v == broken || flags&flagsRequired&^flagsKnown != 0:
		return fail(codecs.Malformed, detailFlags)
	}
	if flags&flagMoreToCome != 0 {
		c.waiting, c.request = 0, request{id: h.id, mute: true}
	}
	w := walkSections(h, flags)
	start := headerSize + flagsSize
	n, found, first := w.walk(in[start:min(len(in), h.size)])
	if found != foundName {
		return unserved(found)
	}
	if isHello(first.name) {
		return c.serveLocally(in, h, flags, c.serveHello)
	}
	_, found, db := w.walk(in[start+n : min(len(in), h.size)])
	if found != foundDatabase {
		return unserved(found)
	}
	return c.serveCommand(in, h, flags, first.name, db.text())
}

// unserved is the step for a request of which a part isn't there.
func unserved(f finding) codecs.Step {
	switch f {
	case foundShort:
		return codecs.Step{}
	case foundEnd:
		return fail(codecs.Malformed, detailNoDatabase)
	default:
		return fail(codecs.Malformed, detailSections)
	}
}

// serveCommand answers what a driver asks a server of before it wants anything
// of a database, and routes by everything else.
func (c *codec) serveCommand(in []byte, h header, flags uint32, name, database []byte) codecs.Step {
	if string(database) == "admin" {
		switch string(name) {
		case "ping":
			return c.serveLocally(in, h, flags, c.servePing)
		case "buildInfo", "buildinfo":
			return c.serveLocally(in, h, flags, c.serveBuildInfo)
		}
	}
	if !validDatabase(database) {
		return fail(codecs.Malformed, detailDatabase)
	}
	if isLogin(name) {
		return c.route(database, byLogin)
	}
	return c.route(database, byCommand)
}

// isLogin reports whether a command's $db is the one its user stands in.
func isLogin(name []byte) bool {
	return string(name) == "saslStart" || string(name) == "authenticate"
}

// serveLocally has a message answered, once it is whole.
func (c *codec) serveLocally(in []byte, h header, flags uint32, answer func([]byte, command, uint32) codecs.Step) codecs.Step {
	switch {
	case h.size > maxBuffered:
		return fail(codecs.Malformed, detailLong)
	case len(in) < h.size:
		return codecs.Step{}
	}
	body, ok := messageBody(in[:h.size], flags)
	if !ok {
		return fail(codecs.Malformed, detailSections)
	}
	return answer(in, command{request: c.request, size: h.size, body: body}, flags)
}

func (c *codec) servePing(_ []byte, cmd command, _ uint32) codecs.Step {
	return c.served(cmd, okReply(cmd.request))
}

func (c *codec) serveBuildInfo(_ []byte, cmd command, _ uint32) codecs.Step {
	return c.served(cmd, c.buildInfoReply(cmd.request))
}

// served is the step that answers a command here. A client that wants no more
// than that may stay as it is.
func (c *codec) served(cmd command, reply []byte) codecs.Step {
	c.waiting, c.request = 0, request{}
	if cmd.mute {
		reply = nil
	}
	return codecs.Step{ToClient: reply, Consumed: cmd.size, Patient: true}
}
