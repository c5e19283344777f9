package tcp

import (
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
)

const (
	detailNoServerName  = "the client names no TLS server (SNI), by which connections are routed here"
	detailBadServerName = "the TLS server name (SNI) is not a host name"
)

// FrontByServerName returns the front end of a listener that terminates TLS
// and whose clients have the resource id they name as the server (SNI), in
// lower case. Within TLS either side may speak first.
func FrontByServerName() codecs.Front {
	return codecs.Front{
		Protocol: codecs.TCP,
		// It is the client who begins a handshake.
		ClientFirst: true,
		New:         func() codecs.Codec { return new(named) },
	}
}

// named is the codec of one client that is routed by its server name.
type named struct{ codec }

var (
	_ codecs.Codec    = (*named)(nil)
	_ codecs.Upgrader = (*named)(nil)
)

// Secured takes the server name. It is called before Start, on a listener that
// terminates TLS; its step is ignored.
func (c *named) Secured(tls codecs.TLS) codecs.Step {
	if tls.ServerName != "" {
		c.resource = []byte(strings.ToLower(tls.ServerName))
	}
	return codecs.Step{}
}

// Start routes by the name, if there is one.
func (c *named) Start() codecs.Step {
	switch {
	case c.resource == nil:
		return fail(codecs.NotFound, detailNoServerName)
	case !clienthello.IsHostName(c.resource):
		return fail(codecs.Malformed, detailBadServerName)
	}
	return c.codec.Start()
}

// BackendSecured isn't called: TLS on the backend's leg isn't asked for.
func (c *named) BackendSecured([]byte) codecs.Step { return codecs.Step{} }

func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}
