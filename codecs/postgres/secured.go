package postgres

import "github.com/proxy-engine/proxy-engine/codecs"

const (
	detailDirectTLS   = "direct TLS is not served here: connect with sslnegotiation=postgres or without TLS"
	detailNoALPN      = "direct TLS needs the application protocol (ALPN) " + alpn
	detailOtherALPN   = "another application protocol (ALPN) than " + alpn + " was negotiated"
	detailUnencrypted = "only connections that are encrypted with TLS are accepted here"
)

// mayBeginTLS reports whether a TLS client's first byte is one here. The
// server takes it for one only as the first byte of all; later, and within
// TLS, it belongs to a length.
func (c *codec) mayBeginTLS() bool {
	return c.options.TLS == TLSOff || c.asked == 0 && !c.secured
}

// direct serves a client that begins with TLS (libpq's sslnegotiation=direct).
func (c *codec) direct(in []byte) codecs.Step {
	switch c.options.TLS {
	case TLSOff:
		return fail(codecs.Unsupported, detailDirectTLS)
	case TLSPassthrough:
		c.errand = errandTunnel
		return c.hello(in)
	default:
		return codecs.Step{Action: codecs.StartTLS}
	}
}

// Secured goes on with the opening packets within TLS. As the server does, it
// wants to be sure that a client which hasn't asked in PostgreSQL's words
// means PostgreSQL (the ALPACA attack).
func (c *codec) Secured(tls codecs.TLS) codecs.Step {
	c.secured = true
	switch {
	case tls.ALPN == alpn:
		return codecs.Step{}
	case tls.ALPN != "":
		return fail(codecs.Malformed, detailOtherALPN)
	case c.asked&encryptionSSL == 0:
		return fail(codecs.Malformed, detailNoALPN)
	default:
		return codecs.Step{}
	}
}

// needsTLS reports whether a StartupMessage comes in the clear and mustn't.
// A CancelRequest may, unless TLS is passed through and it couldn't be routed:
// the server serves it without asking its access rules, and libpq sends it in
// the clear even where the session is encrypted, but for the calls new in 17.
func (c *codec) needsTLS() bool {
	return !c.secured && (c.options.TLS == TLSRequired || c.options.TLS == TLSPassthrough)
}

// unencrypted refuses a client that speaks in the clear.
func (c *codec) unencrypted() codecs.Step {
	c.advice = adviceEncrypt
	return fail(codecs.Forbidden, detailUnencrypted)
}
