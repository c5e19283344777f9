package postgres

import "github.com/proxy-engine/proxy-engine/codecs"

// Front returns the front end of a listener for PostgreSQL clients. It serves
// CockroachDB's as well, whose protocol is the same.
func Front(o Options) codecs.Front {
	return codecs.Front{
		Protocol:    codecs.PostgreSQL,
		ClientFirst: true,
		MaxPending:  maxOpening,
		New:         func() codecs.Codec { return &codec{pattern: o.ResourcePattern} },
	}
}

// codec is one client's front end. It is small because a client that has
// connected and says nothing costs one.
type codec struct {
	pattern *Pattern
	// skip is how many bytes of the backend's current message are still to
	// come. Zero but in phaseHandover.
	skip  uint32
	phase phase
	// asked holds the encryption requests the client has made.
	asked encryption
	// keyed says that the backend has issued its key.
	keyed bool
	// errored says that the backend has sent an ErrorResponse: it has had the
	// last word.
	errored bool
}

var _ codecs.Codec = (*codec)(nil)

// phase is where a codec is in the life of its connection.
type phase uint8

const (
	// phaseOpening: the client's untyped packets are awaited, then the
	// backend. Entered at New; left for phaseCancel by a CancelRequest and for
	// phaseHandover by Open.
	phaseOpening phase = iota
	// phaseCancel: the client has sent a CancelRequest and expects no answer
	// of any kind. Terminal.
	phaseCancel
	// phaseHandover: the backend has the startup; bytes pass through both ways
	// until its first ReadyForQuery. Terminal.
	phaseHandover
)

// String returns the phase's name.
func (p phase) String() string {
	switch p {
	case phaseOpening:
		return "opening"
	case phaseCancel:
		return "cancel"
	case phaseHandover:
		return "handover"
	default:
		return "unknown"
	}
}

// Start waits for the client, who speaks first.
func (c *codec) Start() codecs.Step { return codecs.Step{} }

// Client reads the opening packets, and passes everything on once the backend
// has been opened.
func (c *codec) Client(in []byte) codecs.Step {
	if c.phase == phaseHandover {
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	}
	return c.opening(in)
}

// Open passes on the packet that was routed and whatever came glued to it.
func (c *codec) Open(in []byte, t codecs.Target) codecs.Step {
	if c.phase == phaseCancel {
		return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
	}
	c.phase = phaseHandover
	database := t.Metadata[codecs.MetadataDatabase]
	if database == "" {
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	}
	return rewrite(in, database)
}

// Refuse speaks f as an ErrorResponse, where one can be understood: not to a
// CancelRequest, not within a message of the backend's and not after an
// ErrorResponse of the backend's.
func (c *codec) Refuse(dst []byte, f codecs.Failure) []byte {
	if c.phase == phaseCancel || c.skip > 0 || c.errored {
		return dst
	}
	return appendRefusal(dst, f)
}

// fail ends the session for a reason of the codec's own.
func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
