package postgres

import (
	"encoding/binary"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const (
	detailBackendNoTLS  = "the server does not offer TLS, which the connection to it requires"
	detailBackendGlued  = "unencrypted data came behind the server's answer to the SSL request"
	detailBackendAnswer = "the server did not answer the SSL request"
)

// askTLS is an SSLRequest. Never written to.
var askTLS = binary.BigEndian.AppendUint32([]byte{0, 0, 0, headerSize}, codeSSL)

// ask asks the backend for TLS. What it is to hear stays unconsumed until then.
func (c *codec) ask(policy codecs.TLSPolicy) codecs.Step {
	c.phase, c.policy = phaseAsking, policy
	return codecs.Step{ToBackend: askTLS}
}

// answered reads the backend's answer: one byte, and none behind it, which
// somebody else may have put there to be taken for encrypted (CVE-2021-23222).
func (c *codec) answered(in []byte) codecs.Step {
	switch {
	case in[0] == typeError && c.passesError():
		c.phase, c.errored = phaseDeclined, true
		return codecs.Step{ToClient: in, Consumed: len(in)}
	case in[0] != answerYes[0] && in[0] != answerNo[0]:
		return c.unavailable(codecs.BackendForeign, detailBackendAnswer)
	case len(in) > 1:
		return c.unavailable(codecs.BackendInsecure, detailBackendGlued)
	case in[0] == answerYes[0]:
		return c.granted()
	case c.policy == codecs.RequireTLS:
		return c.unavailable(codecs.BackendInsecure, detailBackendNoTLS)
	default:
		c.phase = phaseReplay
		return codecs.Step{Consumed: 1}
	}
}

// passesError reports whether the client gets to see the error with which a
// backend has answered: one that couldn't start a process, or that is too old
// to know the request. Where TLS is required such words could be anybody's,
// and the client would take them for the server's (CVE-2024-10977).
func (c *codec) passesError() bool {
	return c.errand == errandLogin && c.policy == codecs.PreferTLS
}

// granted begins the TLS that the backend has agreed to, which is the client's
// own if it isn't terminated here.
func (c *codec) granted() codecs.Step {
	if c.errand == errandTunnel {
		return codecs.Step{Action: codecs.Relay, Consumed: 1}
	}
	return codecs.Step{Action: codecs.StartBackendTLS, Consumed: 1}
}

// BackendSecured opens the backend within TLS.
func (c *codec) BackendSecured(in []byte) codecs.Step {
	c.backendSecured = true
	return c.open(in)
}

// unavailable gives up a backend that won't get better by trying again.
func (c *codec) unavailable(fault codecs.BackendFault, detail string) codecs.Step {
	c.advice = adviceSettings
	return codecs.FailBackend(fault, detail)
}
