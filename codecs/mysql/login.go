package mysql

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailBackend      = "the backend does not speak the MySQL protocol"
	detailBackendNoTLS = "the backend does not offer TLS"
	detailMissing      = "the backend lacks capabilities this client was offered"
	detailAnswer       = "invalid answer to the authentication request"
)

// login is what is known about the client and its backend until the relay
// begins.
type login struct {
	// identity is what the backend hears of the client.
	identity response
	// unproven says that the client's response had no answer: it has no
	// password.
	unproven bool
	policy   codecs.TLSPolicy
	// backendID is the connection id of the backend's greeting.
	backendID uint32
	// method and salt are what the backend has asked for last.
	method method
	salt   []byte
	stage  stage
	// secret is a password with its NUL, or the same encrypted. Overwritten
	// when it is no longer needed.
	secret []byte
}

// backendFault is what follows from a fault in the backend's packet.
func (c *codec) backendFault(f fault) codecs.Step {
	if f == faultShort {
		return codecs.Step{}
	}
	return codecs.FailBackend(codecs.BackendForeign, detailBackend)
}

// backendGreeting takes the backend's greeting, or an ERR in its place.
func (c *codec) backendGreeting(payload []byte) codecs.Step {
	if isERR(payload) {
		return c.denied(payload)
	}
	g, ok := parseGreeting(payload)
	if !ok {
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
	l := c.login
	if missing(l.identity.capabilities, g.capabilities) != 0 {
		return fail(codecs.Unsupported, detailMissing)
	}
	l.identity.capabilities = forBackend(l.identity.capabilities, g.capabilities)
	if len(l.identity.database) > 0 && c.late == nil {
		l.identity.capabilities |= ConnectWithDB
	}
	l.salt = append([]byte(nil), g.salt...)
	l.backendID = g.id
	switch {
	case l.policy != codecs.NoTLS && g.capabilities.has(SSL):
		return c.requestTLS()
	case l.policy == codecs.RequireTLS:
		return codecs.FailBackend(codecs.BackendInsecure, detailBackendNoTLS)
	}
	return c.respond()
}

// BackendSecured goes on with the login inside TLS.
func (c *codec) BackendSecured([]byte) codecs.Step {
	c.wipe()
	c.backendSecured = true
	return c.respond()
}

// respond sends the backend the handshake response, from which it learns the
// user and tells the method. A client that doesn't know methods by name only
// has one, whose answer the backend wants at once.
func (c *codec) respond() codecs.Step {
	switch {
	case c.login.identity.capabilities.has(PluginAuth):
		c.login.identity.plugin = []byte(nameNone)
	case !c.login.unproven:
		return c.askNative()
	}
	return c.sendResponse(nil)
}

// sendResponse sends the backend the handshake response with that answer.
func (c *codec) sendResponse(answer []byte) codecs.Step {
	r := c.login.identity
	r.answer = answer
	c.phase = phaseLogin
	return c.tellBackend(appendResponse(nil, r))
}

// askNative asks a client without PluginAuth to answer the backend's nonce. By
// the protocol it needn't understand this, but some do (mysqljs), and for
// others there is no way at all: the nonce of our greeting isn't the backend's.
func (c *codec) askNative() codecs.Step {
	c.phase = phaseAnswer
	c.login.method = methodNative
	return c.tellClient(appendAuthSwitch(nil, nameNative, c.login.salt))
}

// answer takes the client's answer to askNative.
func (c *codec) answer(payload []byte) codecs.Step {
	if len(payload) != 0 && len(payload) != nativeSize {
		return fail(codecs.Malformed, detailAnswer)
	}
	return c.sendResponse(payload)
}
