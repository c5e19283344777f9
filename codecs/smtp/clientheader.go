package smtp

import (
	"encoding/binary"
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// appendIP appends an address as text, with as many groups as it has.
func appendIP(dst []byte, a codecs.Address, four bool) []byte {
	if four {
		for i, b := range a.IP[12:] {
			if i > 0 {
				dst = append(dst, '.')
			}
			dst = strconv.AppendUint(dst, uint64(b), 10)
		}
		return dst
	}
	for i := 0; i < len(a.IP); i += 2 {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(a.IP[i:])), 16)
	}
	return dst
}

// appendXClient appends the command with what the backend takes of what is
// known. The name must go with the address: a backend may trust the proxy's.
func (h *handover) appendXClient(dst []byte) []byte {
	_, four := h.client.IP4()
	dst = append(dst, "XCLIENT"...)
	if h.offer.xclient.has(attributeNAME) {
		dst = append(dst, " NAME=[UNAVAILABLE]"...)
	}
	dst = append(dst, " ADDR="...)
	if !four {
		dst = append(dst, "IPV6:"...)
	}
	dst = appendIP(dst, h.client, four)
	if h.offer.xclient.has(attributePORT) {
		dst = strconv.AppendUint(append(dst, " PORT="...), uint64(h.client.Port), 10)
	}
	if h.offer.xclient.has(attributePROTO) {
		dst = append(dst, h.protocol()...)
	}
	if h.offer.xclient.has(attributeHELO) {
		dst = appendXText(append(dst, " HELO="...), h.name())
	}
	return append(dst, crlf...)
}

func (h *handover) protocol() string {
	if h.extended {
		return " PROTO=ESMTP"
	}
	return " PROTO=SMTP"
}

// appendXText appends text as RFC 3461 section 4 encodes it.
func appendXText(dst, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, b := range text {
		if b > ' ' && b < 0x7f && b != '+' && b != '=' {
			dst = append(dst, b)
		} else {
			dst = append(dst, '+', digits[b>>4], digits[b&15])
		}
	}
	return dst
}
