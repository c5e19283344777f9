// Package tcp is the front end of listeners that parse nothing. Whoever
// connects is routed by the listener's configured name, or by the server name
// of the TLS the listener terminates, before a byte is read, and relayed as
// soon as the backend is connected: it suits protocols in which either side
// speaks first.
package tcp

import "github.com/proxy-engine/proxy-engine/codecs"

// Front returns the front end of a listener all of whose clients have the
// resource id name.
func Front(name string) codecs.Front {
	shared := &codec{resource: []byte(name)}
	return codecs.Front{
		Protocol:  codecs.TCP,
		HalfClose: true,
		New:       func() codecs.Codec { return shared },
	}
}

// codec holds nothing that changes, so all sessions of a listener with a name
// share one.
type codec struct{ resource []byte }

var _ codecs.Codec = (*codec)(nil)

// Start routes at once.
func (c *codec) Start() codecs.Step {
	return codecs.Step{Action: codecs.Route, Resource: c.resource}
}

// Open passes on what the client has sent so far and begins the relay.
func (c *codec) Open(in []byte, _ codecs.Target) codecs.Step {
	return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
}

// Client isn't called: nothing is between Start's Route and Open's Relay.
func (c *codec) Client([]byte) codecs.Step { return codecs.Step{Action: codecs.Relay} }

// Backend isn't called, as Client isn't.
func (c *codec) Backend([]byte) codecs.Step { return codecs.Step{Action: codecs.Relay} }

// Refuse has no words: the protocol is unknown.
func (c *codec) Refuse(dst []byte, _ codecs.Failure) []byte { return dst }
