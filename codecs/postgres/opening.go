package postgres

import (
	"encoding/binary"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const (
	// headerSize is the length and the code every opening packet begins with.
	headerSize = 8
	// maxOpening is the length, in bytes and itself included, of the longest
	// opening packet: the server allows 10 000 (MAX_STARTUP_PACKET_LENGTH)
	// after the length.
	maxOpening = 4 + 10_000
	// protocolMajor is the upper half of a StartupMessage's code.
	protocolMajor = 3
	// tlsHandshake is the first byte of a TLS client, and of no opening
	// packet: its length would be more than 300 MB.
	tlsHandshake = 0x16
)

// The codes of the opening packets that aren't versions.
const (
	codeCancel uint32 = 1234<<16 | 5678
	codeSSL    uint32 = 1234<<16 | 5679
	codeGSSENC uint32 = 1234<<16 | 5680
)

const (
	detailLength  = "invalid length of startup packet"
	detailVersion = "unsupported frontend protocol: only 3.x is served"
)

// opening reads the opening packet at the start of in. It decides as early as
// it can: on the first byte, the length, the code, and only then on the whole.
func (c *codec) opening(in []byte) codecs.Step {
	switch {
	case c.errand == errandTunnel:
		return c.hello(in)
	case in[0] == tlsHandshake && c.mayBeginTLS():
		return c.direct(in)
	}
	if len(in) < 4 {
		return codecs.Step{}
	}
	size := binary.BigEndian.Uint32(in)
	if size < headerSize || size > maxOpening {
		return fail(codecs.Malformed, detailLength)
	}
	if len(in) < headerSize {
		return codecs.Step{}
	}
	return c.packet(in, binary.BigEndian.Uint32(in[4:]), int(size))
}

// packet reads the packet of that code and size, of which in has at least the
// header. Within TLS the requests for encryption are no versions the server
// knows either.
func (c *codec) packet(in []byte, code uint32, size int) codecs.Step {
	switch {
	case code == codeCancel && c.options.TLS != TLSPassthrough:
		return c.cancel(in, size)
	case code>>16 == protocolMajor && !c.needsTLS():
		return c.startup(in, size)
	case code == codeCancel, code>>16 == protocolMajor:
		return c.unencrypted()
	case c.secured:
		return fail(codecs.Unsupported, detailVersion)
	case code == codeSSL:
		return c.encrypt(in, size, encryptionSSL, detailAfterSSL)
	case code == codeGSSENC:
		return c.encrypt(in, size, encryptionGSS, detailAfterGSS)
	default:
		return fail(codecs.Unsupported, detailVersion)
	}
}
