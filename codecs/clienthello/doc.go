// Package clienthello reads the first message of a TLS connection, for those
// who route by it without terminating TLS and those who want to know that it
// is all there before they spend anything on a handshake.
//
// A ClientHello stands at the start of the client's bytes, in one record or
// fragmented over many (all integers are big endian; RFC 8446 sections 4.1.2
// and 5.1, of which older versions differ in nothing that is read here):
//
//	                  0    1         3        5
//	                  ┌────┬─────────┬────────┬──────────┐
//	TLSPlaintext      │ 22 │ 3, 0..4 │ length │ fragment │  length is 1..2^14
//	                  └────┴─────────┴────────┴──────────┘
//	                  0    1         4
//	                  ┌────┬─────────┬───────────────────┐
//	Handshake         │ 1  │ length  │ ClientHello       │  all the fragments in
//	                  └────┴─────────┴───────────────────┘  a row, and nothing else
//	                  0         2        34
//	                  ┌─────────┬────────┬───┬─────┬───┬─────┬───┬─────┬───┬──────────────┐
//	ClientHello       │ version │ random │ n │ ... │ n │ ... │ n │ ... │ n │ extensions   │
//	                  └─────────┴────────┴───┴─────┴───┴─────┴───┴─────┴───┴──────────────┘
//	                                     1 session 2 cipher  1 compres- 2   missing before
//	                                       id        suites    sion         TLS 1.2, maybe
//	                  0      2        4
//	                  ┌──────┬────────┬──────┐
//	Extension         │ type │ length │ data │
//	                  └──────┴────────┴──────┘
//	                  ┌───┬───┬───┬──────┐
//	server_name       │ n │ 0 │ n │ name │   host_name is type 0, and comes once
//	0, RFC 6066       └───┴───┴───┴──────┘   at most (section 3)
//	                    2   1   2
//	                  ┌───┬───┬──────────┬─────┐
//	ALPN              │ n │ n │ protocol │ ... │
//	16, RFC 7301      └───┴───┴──────────┴─────┘
//	                    2   1
//	                  ┌───┬─────────┬─────┐
//	supported_        │ n │ version │ ... │
//	versions 43       └───┴─────────┴─────┘
//	                    1      2
//
// Everything else is skipped. Where crypto/tls reads a message, this package
// reads the same from it; it is stricter in what the Status constants say.
package clienthello
