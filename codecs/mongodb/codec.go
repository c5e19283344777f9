package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

// Front returns the front end of a listener for MongoDB clients.
func Front(o Options) codecs.Front {
	options := o.withDefaults()
	front := codecs.Front{
		Protocol:    codecs.MongoDB,
		ClientFirst: true,
		MaxPending:  maxBuffered,
		New:         func() codecs.Codec { return newCodec(options) },
	}
	if options.Multiplex {
		options.ShowTopology = false
		front.Multiplex = codecs.Multiplexing{
			New:        func() codecs.Multiplexer { return newMultiplexer(options) },
			MaxPending: maxBeginning,
		}
	}
	return front
}

// codec is one client's front end. It stays as long as the session unless the
// topology is shown, so it keeps little: of a session that stands nothing that
// isn't in it, but the names of its databases.
type codec struct {
	options *Options
	// named is the resource id that the TLS server name or the application's
	// name has given, nil if none has.
	named []byte
	// hello is the client's first hello, kept for the backend. Nil before it,
	// once it has been passed on, and for clients that go on asking hello: they
	// are monitors.
	hello []byte
	// id is the connection's number. Zero without Options.ConnectionID.
	id int32
	// waiting is how many requests await their reply, and request the last one.
	waiting uint32
	request request
	phase   phase
	by      routing
	// greeted says that a hello has been answered here.
	greeted bool
	// asking says that the client wants another database, and that whether it
	// lives at the same backend is being found out.
	asking bool
	// asked is what the hello awaiting the backend's reply wants to hear. Valid
	// iff the phase is phaseGreeting.
	asked manner
	// up and down are where the client's request and the backend's reply end
	// that are under way.
	up   walker
	down replies
	// late is an answer of ours that must wait, nil if there is none.
	late *lateAnswer
	// pins are the databases of this backend, nil when all are.
	pins *pins
}

var (
	_ codecs.Codec    = (*codec)(nil)
	_ codecs.Upgrader = (*codec)(nil)
)

func newCodec(o *Options) *codec {
	c := &codec{options: o}
	if o.ConnectionID != nil {
		c.id = o.ConnectionID()
	}
	return c
}

// phase is where a codec is in the life of its connection.
type phase uint8

const (
	// phaseServing: the client is served here. Entered at New; left by Open.
	phaseServing phase = iota
	// phaseReplaying: the backend has been sent a hello whose reply isn't for
	// the client. Left for phaseStanding, or by the relay.
	phaseReplaying
	// phaseGreeting: the backend's reply to a hello is awaited by the client,
	// who is to see some of it. Left for phaseStanding.
	phaseGreeting
	// phaseStanding: messages pass both ways, hello is answered here. Terminal.
	phaseStanding
)

// String returns the phase's name.
func (p phase) String() string {
	switch p {
	case phaseServing:
		return "serving"
	case phaseReplaying:
		return "replaying"
	case phaseGreeting:
		return "greeting"
	case phaseStanding:
		return "standing"
	default:
		return "unknown"
	}
}

// Start waits for the client, who speaks first.
func (c *codec) Start() codecs.Step { return codecs.Step{} }

// Secured learns the host name the client has asked for.
func (c *codec) Secured(t codecs.TLS) codecs.Step {
	if p := c.options.ServerNamePattern; p != nil {
		c.named = p.Cut([]byte(t.ServerName))
	}
	return codecs.Step{}
}

// BackendSecured is never called: the backend's leg is TLS from its first byte,
// or not at all.
func (c *codec) BackendSecured([]byte) codecs.Step { return codecs.Step{} }

// Client reads requests until one names the resource, and passes them on from
// then on.
func (c *codec) Client(in []byte) codecs.Step {
	switch {
	case c.phase == phaseServing:
		return c.serve(in)
	case c.options.ShowTopology:
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	default:
		return c.pass(in)
	}
}

// Backend deals with the backend's replies.
func (c *codec) Backend(in []byte) codecs.Step {
	switch c.phase {
	case phaseReplaying:
		return c.swallow(in)
	case phaseGreeting:
		return c.greet(in)
	default:
		return c.reply(in)
	}
}

// fail ends the session for a reason of the codec's own.
func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
