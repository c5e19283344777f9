package postgres

import (
	"encoding/binary"
	"slices"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// The backend's messages that matter here, by their type byte.
const (
	typeAuthentication = 'R' // AuthenticationOk, AuthenticationSASL and others
	typeKey            = 'K' // BackendKeyData
	typeReady          = 'Z' // ReadyForQuery
	typeError          = 'E' // ErrorResponse
)

const (
	// typedHeader is the type byte and the length of a typed message.
	typedHeader = 1 + 4
	// maxMessage is the length, in bytes, beyond which a message before
	// ReadyForQuery isn't one: the longest are notices and lists of
	// mechanisms, while any length made of text is at least 2^29.
	maxMessage = 1 << 20
)

// handover passes on the backend's bytes and walks over its messages until the
// session is ready. It holds back a header or a message it reads that isn't
// whole: a BackendKeyData of 264 bytes at most or, where the backend's leg is
// TLS, maxRead, and so needs no memory for any.
//
// Bytes that aren't messages begin the relay, because they have a sender who
// isn't speaking protocol 3 and a reader who can tell: a server that fails to
// fork says so in the words of protocol 2, and libpq shows them. A failure of
// ours would only hide it.
func (c *codec) handover(in []byte) codecs.Step {
	var key []byte
	at := c.skipBody(in)
	for c.skip == 0 {
		m, ok := parseMessage(in[at:])
		switch {
		case !ok, c.reads(m) && len(in)-at < m.size:
			return passed(in, at, key)
		case m.foreign() || m.kind == typeReady:
			return codecs.Step{Action: codecs.Relay, ToClient: in, Consumed: len(in), Key: key}
		case c.issues(m):
			c.keyed, key = true, in[at+typedHeader:at+m.size]
		case c.reads(m):
			if other := c.explained(m, in[at:at+m.size]); other != nil {
				return codecs.Step{ToClient: slices.Concat(in[:at], other), Consumed: at + m.size, Key: key}
			}
		}
		c.errored = c.errored || m.kind == typeError
		at += typedHeader
		c.skip = uint32(m.size - typedHeader)
		at += c.skipBody(in[at:])
	}
	return passed(in, at, key)
}

// reads reports whether a message's body matters, which has to be whole then.
func (c *codec) reads(m message) bool { return c.issues(m) || c.authenticates(m) }

// issues reports whether a message is the session's BackendKeyData.
func (c *codec) issues(m message) bool {
	return m.kind == typeKey && !c.keyed && m.holdsKey()
}

// passed is the step that passes on in up to end.
func passed(in []byte, end int, key []byte) codecs.Step {
	return codecs.Step{ToClient: in[:end], Consumed: end, Key: key}
}

// skipBody returns how many bytes at the start of in belong to the current
// message's body.
func (c *codec) skipBody(in []byte) int {
	n := min(int(c.skip), len(in))
	c.skip -= uint32(n)
	return n
}

// message is a typed message's header.
type message struct {
	kind byte
	// size is the whole message's, in bytes, header included.
	size int
}

// parseMessage reads the header at the start of b; ok is false if there is
// less than one.
func parseMessage(b []byte) (m message, ok bool) {
	if len(b) < typedHeader {
		return message{}, false
	}
	return message{kind: b[0], size: 1 + int(binary.BigEndian.Uint32(b[1:]))}, true
}

// foreign reports whether no backend speaking protocol 3 sends such a message.
func (m message) foreign() bool {
	return m.size < typedHeader || m.size > maxMessage
}

// holdsKey reports whether the message has the size of a BackendKeyData.
func (m message) holdsKey() bool {
	key := m.size - typedHeader
	return key >= minKey && key <= maxKey
}
