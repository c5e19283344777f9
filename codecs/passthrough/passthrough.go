// Package passthrough is the front end of listeners that relay TLS without
// terminating it, for protocols that are TLS from the first byte: the client's
// ClientHello is read, the server name in it (SNI) is the resource id, and
// every byte, the ClientHello included, goes to the backend as it came. Both
// legs are one encrypted connection, whose certificate is the backend's.
//
//	client          listener                backend
//	  │ ClientHello    │                       │
//	  ├───────────────►│ Route(server name)    │
//	  │                ├──────────────────────►│ the same bytes
//	  │◄───────────────┼──────────────────────►│ whatever they say
//
// A refusal is an alert of TLS's, in the clear as all of it is at that point.
package passthrough

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
)

const detailNoServerName = "the client names no server (SNI), by which connections are routed here"

// Front returns the front end of a listener for clients of a protocol that is
// TLS from the first byte. The listener itself must terminate no TLS, nor add
// any on the backend's leg.
func Front(protocol codecs.Protocol) codecs.Front {
	shared := codec{}
	return codecs.Front{
		Protocol:    protocol,
		ClientFirst: true,
		MaxPending:  clienthello.MaxSize,
		New:         func() codecs.Codec { return shared },
	}
}

// codec has no state: all it knows stands in the client's unconsumed bytes. So
// all sessions share one.
type codec struct{}

var _ codecs.Codec = codec{}

// Start waits for the client, who speaks first.
func (codec) Start() codecs.Step { return codecs.Step{} }

// Client routes by the ClientHello, once it is whole. It stays unconsumed.
func (codec) Client(in []byte) codecs.Step {
	hello, status := clienthello.Parse(in)
	switch {
	case status == clienthello.More:
		return codecs.Step{}
	case status != clienthello.Complete:
		return fail(codecs.Malformed, status.String())
	case hello.ServerName == nil:
		return fail(codecs.NotFound, detailNoServerName)
	}
	return codecs.Step{Action: codecs.Route, Resource: hello.ServerName}
}

// Open passes on what the client has sent so far and begins the relay.
func (codec) Open(in []byte, _ codecs.Target) codecs.Step {
	return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
}

// Backend isn't called: Open begins the relay.
func (codec) Backend([]byte) codecs.Step { return codecs.Step{Action: codecs.Relay} }

// Refuse speaks f as an alert.
func (codec) Refuse(dst []byte, f codecs.Failure) []byte {
	return clienthello.AlertFor(f).Append(dst)
}

func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
