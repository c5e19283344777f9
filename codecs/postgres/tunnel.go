package postgres

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
)

const detailNoServerName = "the client names no server (SNI), by which connections are routed here"

// hello routes a client whose TLS isn't terminated, by the server name in its
// ClientHello, which stays unconsumed.
func (c *codec) hello(in []byte) codecs.Step {
	hello, status := clienthello.Parse(in)
	switch {
	case status == clienthello.More:
		return codecs.Step{}
	case status != clienthello.Complete:
		return fail(codecs.Malformed, status.String())
	case hello.ServerName == nil:
		return fail(codecs.NotFound, detailNoServerName)
	default:
		return c.route(hello.ServerName)
	}
}

// openTunnel brings the backend to where the client is: before the first byte
// of TLS, be it the connection's first or behind an SSLRequest.
func (c *codec) openTunnel(in []byte) codecs.Step {
	if c.asked&encryptionSSL != 0 {
		return c.ask(codecs.RequireTLS)
	}
	return codecs.Step{Action: codecs.Relay, ToBackend: in, Consumed: len(in)}
}
