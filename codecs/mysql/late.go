package mysql

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// late is what is known about a client that is logged in without a backend.
type late struct {
	// password is without a NUL. Overwritten when the backend has answered.
	password []byte
	// status is the session's status flags.
	status uint16
	// kept are the commands that are to be repeated to the backend, as they
	// came, and size their sum in bytes.
	kept [][]byte
	size int
	// kill is what the client wants done instead of being bound, nil for nothing.
	kill *kill
}

const (
	detailNoDatabase = "No database selected: name a database when connecting"
	detailCompressed = "No database selected: name a database when connecting, or connect without compression"
	detailNoPlugin   = "No database selected: name a database when connecting, or use a client that supports caching_sha2_password"
	detailNoSafeWay  = "No database selected: name a database when connecting, or connect with TLS"
)

// lateLogin logs a client in whose backend isn't known. Whether its password
// is right only a backend can tell, later; it must be had now. All clients
// that know caching_sha2_password send it when they are asked for full
// authentication, and protect it.
func (c *codec) lateLogin(r *response) codecs.Step {
	flags := r.capabilities & c.offered()
	switch {
	case !c.settings.LateBinding:
		return fail(codecs.NotFound, detailNoDatabase)
	case flags&compression != 0:
		return fail(codecs.Unsupported, detailCompressed)
	case !flags.has(PluginAuth):
		return fail(codecs.Unsupported, detailNoPlugin)
	case !c.secured && c.settings.publicKey == nil:
		return fail(codecs.Unsupported, detailNoSafeWay)
	}
	c.login = c.newLogin(r)
	c.login.identity.capabilities &^= MultiFactor
	c.late = &late{status: statusAutocommit}
	return c.askSHA2(r)
}

// askSHA2 asks for caching_sha2_password's answer, unless the response has it.
func (c *codec) askSHA2(r *response) codecs.Step {
	if methodOf(r.plugin) == methodSHA2 {
		return c.proof(r.answer)
	}
	c.phase = phaseProof
	return c.tellClient(appendAuthSwitch(nil, nameSHA2, c.salt[:]))
}

// proof takes the client's answer to the nonce and asks for the password
// itself, as a server does that doesn't know it yet. An answer of none, or of a
// NUL, says that there is no password.
func (c *codec) proof(answer []byte) codecs.Step {
	switch {
	case isNone(answer):
		return c.welcome()
	case len(answer) != sha2Size:
		return fail(codecs.Malformed, detailAnswer)
	}
	c.phase = phasePassword
	return c.tellClient([]byte{typeMoreData, sha2Full})
}

// password takes the client's password, or its request for our key.
func (c *codec) password(payload []byte) codecs.Step {
	switch {
	case c.secured:
		return c.keepPassword(payload)
	case isKeyRequest(payload, methodSHA2):
		return c.tellClient(c.settings.publicKey)
	}
	return c.open(payload, c.salt[:], c.keepPassword)
}

// keepPassword keeps the password, whose NUL isn't part of it, until the
// backend has answered.
func (c *codec) keepPassword(password []byte) codecs.Step {
	c.late.password = bytes.Clone(bytes.TrimSuffix(password, []byte{0}))
	return c.welcome()
}

// welcome says that the client is logged in.
func (c *codec) welcome() codecs.Step {
	c.phase = phaseCommand
	return c.reply(appendOK(nil, c.late.status))
}
