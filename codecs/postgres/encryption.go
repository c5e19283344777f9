package postgres

import "github.com/proxy-engine/proxy-engine/codecs"

// encryption is a set of ways in which a client has asked to encrypt its leg.
type encryption uint8

const (
	encryptionSSL encryption = 1 << iota
	encryptionGSS
)

const (
	detailAskedTwice = "the client has asked for the same encryption twice"
	detailAfterSSL   = "unencrypted data was sent behind the SSL request"
	detailAfterGSS   = "unencrypted data was sent behind the GSSAPI encryption request"
)

// The answers to a request. Never written to.
var (
	answerYes = []byte{'S'}
	answerNo  = []byte{'N'}
)

// encrypt answers an SSLRequest or GSSENCRequest of that size. A client may
// try both, in either order, each once. It waits for the answer: what comes
// behind a request in the same read may have been put there by somebody else,
// to be taken for encrypted (CVE-2021-23214).
func (c *codec) encrypt(in []byte, size int, how encryption, glued string) codecs.Step {
	if size != headerSize {
		return fail(codecs.Malformed, detailLength)
	}
	if c.asked&how != 0 {
		return fail(codecs.Malformed, detailAskedTwice)
	}
	c.asked |= how
	grants := how == encryptionSSL && c.options.TLS != TLSOff
	switch {
	case len(in) > size:
		return refuseGlued(size, grants, glued)
	case grants:
		return c.grant(size)
	default:
		return codecs.Step{ToClient: answerNo, Consumed: size}
	}
}

// refuseGlued says that there were bytes behind a request. The server answers
// the request before that, and so do we where the answer is no, or the client
// would read the error as the answer. Behind a yes it would try to read it as
// TLS: there the error is the answer, which clients know as well.
func refuseGlued(size int, grants bool, detail string) codecs.Step {
	step := fail(codecs.Malformed, detail)
	step.Consumed = size
	if !grants {
		step.ToClient = answerNo
	}
	return step
}

// grant answers an SSLRequest with yes.
func (c *codec) grant(size int) codecs.Step {
	step := codecs.Step{ToClient: answerYes, Consumed: size}
	if c.options.TLS == TLSPassthrough {
		c.errand = errandTunnel
	} else {
		step.Action = codecs.StartTLS
	}
	return step
}
