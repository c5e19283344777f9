package postgres

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
)

// alpn is the application protocol of PostgreSQL clients within TLS.
const alpn = "postgresql"

// Front returns the front end of a listener for PostgreSQL clients. It serves
// CockroachDB's as well, whose protocol is the same.
func Front(o Options) codecs.Front {
	front := codecs.Front{
		Protocol:    codecs.PostgreSQL,
		ClientFirst: true,
		Negotiates:  true,
		ALPN:        []string{alpn},
		MaxPending:  maxOpening,
		New:         func() codecs.Codec { return &codec{options: &o} },
	}
	if o.TLS == TLSPassthrough {
		front.MaxPending = max(maxOpening, clienthello.MaxSize)
	}
	return front
}

// codec is one client's front end. It is small because a client that has
// connected and says nothing costs one.
type codec struct {
	options *Options
	// metadata is the route's, from Open on.
	metadata map[string]string
	// skip is how many bytes of the backend's current message are still to
	// come. Zero but in phaseHandover.
	skip   uint32
	phase  phase
	errand errand
	// asked holds the encryption requests the client has made.
	asked encryption
	// policy is that of the backend's leg. Valid in phaseAsking.
	policy codecs.TLSPolicy
	// advice is what a client that is refused is told to do about it.
	advice advice
	// secured says that the client's leg is TLS, and backendSecured that the
	// backend's is.
	secured, backendSecured bool
	// bindable says that the backend wants to see its own certificate in the
	// client's proof of its password.
	bindable bool
	// keyed says that the backend has issued its key.
	keyed bool
	// errored says that the backend has sent an ErrorResponse: it has had the
	// last word.
	errored bool
}

var (
	_ codecs.Codec    = (*codec)(nil)
	_ codecs.Upgrader = (*codec)(nil)
)

// Start waits for the client, who speaks first.
func (c *codec) Start() codecs.Step { return codecs.Step{} }

// Client reads the opening packets, and passes everything on once the backend
// has been opened.
func (c *codec) Client(in []byte) codecs.Step {
	switch c.phase {
	case phaseOpening:
		return c.opening(in)
	case phaseAsking, phaseDeclined:
		return codecs.Step{}
	case phaseReplay:
		return c.open(in)
	default:
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	}
}

// Open opens the backend, in the clear or by asking it for TLS.
func (c *codec) Open(in []byte, t codecs.Target) codecs.Step {
	c.metadata = t.Metadata
	switch {
	case c.errand == errandTunnel:
		return c.openTunnel(in)
	case t.TLS != codecs.NoTLS:
		return c.ask(t.TLS)
	default:
		return c.open(in)
	}
}

// open passes on the packet that was routed and whatever came glued to it.
func (c *codec) open(in []byte) codecs.Step {
	if c.errand == errandCancel {
		return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
	}
	c.phase = phaseHandover
	database := c.metadata[codecs.MetadataDatabase]
	if database == "" {
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	}
	return rewrite(in, database)
}

// Backend reads the backend's answer if it was asked for TLS, and walks over
// its messages otherwise.
func (c *codec) Backend(in []byte) codecs.Step {
	switch c.phase {
	case phaseAsking:
		return c.answered(in)
	case phaseDeclined:
		return codecs.Step{ToClient: in, Consumed: len(in)}
	default:
		return c.handover(in)
	}
}

// Refuse speaks f as an ErrorResponse, where one can be understood: not to a
// CancelRequest, not within a message of the backend's and not after an
// ErrorResponse of the backend's. A client whose TLS isn't terminated here
// understands an alert.
func (c *codec) Refuse(dst []byte, f codecs.Failure) []byte {
	switch {
	case c.errand == errandTunnel:
		return clienthello.AlertFor(f).Append(dst)
	case c.errand == errandCancel, c.skip > 0, c.errored:
		return dst
	default:
		return appendRefusal(dst, f, c.advice)
	}
}

// fail ends the session for a reason of the codec's own.
func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
