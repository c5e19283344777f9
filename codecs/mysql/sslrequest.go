package mysql

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailNoTLS       = "the client asks for TLS, which was not offered"
	detailSSLRequest  = "invalid SSL request"
	detailTLSRequired = "Connections using insecure transport are prohibited"
)

// An SSLRequest is the fixed part of a handshake response with SSL set. The
// TLS handshake follows at once, nothing is answered: what comes glued to the
// request is its beginning. So nobody can slip in plain text here; it would
// have to be a TLS record.

// secure takes the client's SSLRequest of that payload.
func (c *codec) secure(payload []byte) codecs.Step {
	switch {
	case !c.offered().has(SSL):
		return fail(codecs.Malformed, detailNoTLS)
	case len(payload) != responseHead:
		return fail(codecs.Malformed, detailSSLRequest)
	}
	c.phase = phaseUpgrade
	return codecs.Step{Action: codecs.StartTLS}
}

// Secured notes that the client's leg is TLS and goes on to its handshake
// response.
func (c *codec) Secured(t codecs.TLS) codecs.Step {
	c.secured, c.serverName = true, t.ServerName
	if c.phase == phaseUpgrade {
		c.phase = phaseResponse
	}
	return codecs.Step{}
}

// requestTLS sends the backend an SSLRequest. Its flags are those of the
// response to come: MariaDB reads them here and not again.
func (c *codec) requestTLS() codecs.Step {
	c.phase = phaseBackendUpgrade
	c.login.identity.capabilities |= SSL
	step := c.tellBackend(appendResponseHead(nil, c.login.identity))
	step.Action = codecs.StartBackendTLS
	return step
}
