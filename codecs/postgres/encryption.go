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

// notEncrypted is the answer to both requests. Never written to.
var notEncrypted = []byte{'N'}

// encrypt answers an SSLRequest or GSSENCRequest of that size. A client may
// try both, in either order, each once. It waits for the answer: what comes
// behind a request in the same read may have been put there by somebody else,
// to be taken for encrypted (CVE-2021-23214). The server answers before it
// says so, and so do we, or the client would read the error as the answer.
func (c *codec) encrypt(in []byte, size int, how encryption, glued string) codecs.Step {
	if size != headerSize {
		return fail(codecs.Malformed, detailLength)
	}
	if c.asked&how != 0 {
		return fail(codecs.Malformed, detailAskedTwice)
	}
	c.asked |= how
	step := codecs.Step{}
	if len(in) > size {
		step = fail(codecs.Malformed, glued)
	}
	step.ToClient, step.Consumed = notEncrypted, size
	return step
}
