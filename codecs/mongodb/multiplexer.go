package mongodb

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// maxBeginning is how much of a request may come before its $db, in bytes, where
// each has its own backend: the longest document that a server takes as a command
// (BSONObjMaxInternalSize), for drivers that put the $db behind a long filter.
const maxBeginning = maxBSON + 16<<10

// multiplexer is the front end of a client each of whose commands finds its own
// backend. It serves every request as a codec does that isn't routed yet.
type multiplexer struct {
	// codec answers hello, and routes.
	codec codec
	// size is the length of the request that was routed last, and database its
	// $db, nil for a hello.
	size     int
	database []byte
	// asked is what that request wants to hear, if it is a hello that logs in.
	asked *manner
	// wanted is the resource of that request, and last that of the one which was
	// passed on last, nil for none yet.
	wanted, last []byte
	// ahead is how far the request under way has been walked over.
	ahead ahead
}

// ahead is what has been read of a request whose $db isn't there yet, so that it
// is read once however many pieces it comes in.
type ahead struct {
	walker walker
	// at is how many bytes have been walked over, 0 for none.
	at   int
	name []byte
}

var _ codecs.Multiplexer = (*multiplexer)(nil)

func newMultiplexer(o *Options) *multiplexer { return &multiplexer{codec: *newCodec(o)} }

// Secured implements codecs.Multiplexer.
func (m *multiplexer) Secured(t codecs.TLS) { m.codec.Secured(t) }

// Size implements codecs.Multiplexer.
func (m *multiplexer) Size() int { return m.size }

// Client implements codecs.Multiplexer.
func (m *multiplexer) Client(in []byte) codecs.Step {
	step := m.serve(in)
	if step.Action != codecs.More || step.Consumed > 0 {
		m.ahead = ahead{}
	}
	if step.Action == codecs.Route {
		m.wanted = bytes.Clone(step.Resource)
	}
	return step
}

// serve reads the request at the start of in.
func (m *multiplexer) serve(in []byte) codecs.Step {
	m.codec.waiting, m.codec.request, m.database, m.asked = 0, request{}, nil, nil
	h, v := readHeader(in)
	switch {
	case v != fine:
		return m.codec.serve(in)
	case h.op == opMsg:
		return m.serveMessage(in, h)
	}
	m.size = h.size
	return m.greeted(in, m.codec.serve(in))
}

// greeted remembers what a hello that routes wants to hear.
func (m *multiplexer) greeted(in []byte, step codecs.Step) codecs.Step {
	if step.Action == codecs.Route {
		_, h := rereadHello(in)
		m.asked = &h.manner
	}
	return step
}

// serveMessage serves an OP_MSG: hello and its like here, others route by their
// $db.
func (m *multiplexer) serveMessage(in []byte, h header) codecs.Step {
	flags, v := readFlags(in, h)
	switch {
	case v == short:
		return codecs.Step{}
	case v == broken || flags&flagsRequired&^flagsKnown != 0:
		return fail(codecs.Malformed, detailFlags)
	}
	m.size = h.size
	if m.codec.await(request{id: h.id}); flags&flagMoreToCome != 0 {
		m.codec.waiting, m.codec.request = 0, request{id: h.id, mute: true}
	}
	if found := m.walkToName(in, h, flags); found != foundName {
		return unserved(found)
	}
	if isHello(m.ahead.name) {
		return m.greeted(in, m.codec.serveLocally(in, h, flags, m.codec.serveHello))
	}
	a := &m.ahead
	n, found, db := a.walker.walk(in[a.at:min(len(in), h.size)])
	a.at += n
	if found != foundDatabase {
		return unserved(found)
	}
	a.walker.findAgain() // an answer of ours may wait for the rest
	return m.serveCommand(in, h, flags, db.text())
}

// walkToName finds the command's name, once.
func (m *multiplexer) walkToName(in []byte, h header, flags uint32) finding {
	a := &m.ahead
	if a.name != nil {
		return foundName
	}
	if a.at == 0 {
		a.at, a.walker = headerSize+flagsSize, walkSections(h, flags)
	}
	n, found, first := a.walker.walk(in[a.at:min(len(in), h.size)])
	a.at += n
	if found == foundName {
		a.name = append([]byte{}, first.name...)
	}
	return found
}

// serveCommand serves a command that isn't a hello. What is asked of a database
// that every server has goes where the client was last. endSessions is for all
// servers that the client has been at; it is answered here, and they forget the
// sessions by themselves.
func (m *multiplexer) serveCommand(in []byte, h header, flags uint32, database []byte) codecs.Step {
	m.database = bytes.Clone(database)
	switch {
	case string(m.ahead.name) == "endSessions" && len(in) < h.size:
		return codecs.Step{}
	case string(m.ahead.name) == "endSessions":
		return m.codec.served(command{request: m.codec.request, size: h.size}, okReply(m.codec.request))
	case everywhere(database) && m.last != nil && !m.servesHere(database):
		return codecs.Step{Action: codecs.Route, Resource: m.last}
	default:
		return m.codec.serveCommand(in, h, flags, m.ahead.name, database)
	}
}

// servesHere reports whether the request under way is one that a codec answers.
func (m *multiplexer) servesHere(database []byte) bool {
	switch string(m.ahead.name) {
	case "ping", "buildInfo", "buildinfo":
		return string(database) == "admin"
	default:
		return false
	}
}

// Open implements codecs.Multiplexer.
func (m *multiplexer) Open(t codecs.Target) codecs.Branch {
	b := &branch{m: m, database: t.Metadata[codecs.MetadataDatabase]}
	if m.asked == nil {
		b.hello = m.codec.hello
	}
	return b
}

// Refuse implements codecs.Multiplexer. When nobody waits it says nothing, but to
// those who don't speak the protocol.
func (m *multiplexer) Refuse(dst []byte, f codecs.Failure) []byte {
	if m.codec.request.mute || m.codec.waiting == 0 && f.Kind != codecs.Malformed {
		return dst
	}
	if f.Detail == "" {
		f.Detail = m.codec.advice(f)
	}
	return appendRefusal(dst, m.codec.request, f)
}
