package mysql

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailLong     = "Got a packet bigger than what is taken before the login is done"
	detailOrder    = "Got packets out of order"
	detailResponse = "invalid handshake response"
	detailOld      = "Client does not support authentication protocol requested by server; consider upgrading MySQL client"
)

// handshake takes an SSLRequest or the handshake response.
func (c *codec) handshake(payload []byte) codecs.Step {
	flags, ok := capabilitiesOf(payload)
	switch {
	case !ok:
		return fail(codecs.Malformed, detailResponse)
	case !flags.has(Protocol41):
		return fail(codecs.Unsupported, detailOld) // a HandshakeResponse320
	case flags.has(SSL) && !c.secured:
		return c.secure(payload)
	case c.settings.TLS == TLSRequired && !c.secured:
		return fail(codecs.Forbidden, detailTLSRequired)
	}
	r, ok := parseResponse(payload)
	if !ok {
		return fail(codecs.Malformed, detailResponse)
	}
	return c.route(&r)
}

// clientFault is what follows from a fault in the client's packet. A client
// that didn't understand askNative takes itself for logged in and sends a
// command, whose number is 0.
func (c *codec) clientFault(f fault) codecs.Step {
	switch {
	case f == faultShort:
		return codecs.Step{Patient: c.phase == phaseCommand}
	case f == faultLong:
		return fail(codecs.Malformed, detailLong)
	case c.phase == phaseAnswer:
		return fail(codecs.Unsupported, detailOld)
	default:
		return fail(codecs.Malformed, detailOrder)
	}
}

// Open keeps what the backend is to hear of the client, and waits for its
// greeting. The response was left unconsumed by the routing; a client bound
// late has been heard long before.
func (c *codec) Open(in []byte, t codecs.Target) codecs.Step {
	c.wipe()
	step := codecs.Step{}
	if c.late == nil {
		step.Consumed = headerSize + payloadSize(in)
		r, _ := parseResponse(in[headerSize:step.Consumed]) // as handshake did
		c.login = c.newLogin(&r)
	}
	if c.late != nil && c.late.kill != nil && !c.late.kill.aim(t.KeyData) {
		return fail(codecs.NotFound, detailThread)
	}
	if database := t.Metadata[codecs.MetadataDatabase]; database != "" {
		if !validDatabase(database) {
			return fail(codecs.Internal, detailDatabase)
		}
		c.login.identity.database = []byte(database)
	}
	c.login.policy = t.TLS
	c.phase = phaseGreeting
	return step
}

// newLogin keeps what is needed of a response: the flags that count are those
// the client was offered, and the user is the backend's.
func (c *codec) newLogin(r *response) *login {
	identity := r.keep()
	identity.capabilities &= c.offered()
	identity.user, _ = c.splitUser(identity.user)
	return &login{identity: identity, unproven: len(r.answer) == 0}
}
