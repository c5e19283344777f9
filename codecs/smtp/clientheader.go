package smtp

import (
	"encoding/binary"
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// appendProxy appends the PROXY protocol's header that is configured, nothing
// if none is (HAProxy's proxy-protocol.txt, sections 2.1 and 2.2).
func appendProxy(dst []byte, h ClientHeader, t codecs.Target) []byte {
	switch h {
	case ProxyV1:
		return appendProxyV1(dst, t.Client, t.Local)
	case ProxyV2:
		return appendProxyV2(dst, t.Client, t.Local)
	default:
		return dst
	}
}

// appendProxyV1 appends
//
//	PROXY TCP4 192.0.2.1 198.51.100.2 40000 25
func appendProxyV1(dst []byte, client, local codecs.Address) []byte {
	if !client.Known() || !local.Known() {
		return append(dst, "PROXY UNKNOWN"+crlf...)
	}
	family := "PROXY TCP6 "
	four := bothIP4(client, local)
	if four {
		family = "PROXY TCP4 "
	}
	dst = appendIP(append(dst, family...), client, four)
	dst = appendIP(append(dst, ' '), local, four)
	dst = strconv.AppendUint(append(dst, ' '), uint64(client.Port), 10)
	dst = strconv.AppendUint(append(dst, ' '), uint64(local.Port), 10)
	return append(dst, crlf...)
}

const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
	// proxyLocal and proxyProxied are the version, 2, with the commands LOCAL
	// and PROXY.
	proxyLocal, proxyProxied = 0x20, 0x21
	// proxyTCP4 and proxyTCP6 are the address family and the transport.
	proxyTCP4, proxyTCP6 = 0x11, 0x21
)

// appendProxyV2 appends
//
//	0           12    13       14       16
//	┌───────────┬─────┬────────┬────────┬────────┬───────┬──────┬──────┐
//	│ signature │ 0x21│ family │ length │ client │ local │ port │ port │
//	└───────────┴─────┴────────┴────────┴────────┴───────┴──────┴──────┘
//
// with addresses of 4 bytes or 16.
func appendProxyV2(dst []byte, client, local codecs.Address) []byte {
	dst = append(dst, proxySignature...)
	if !client.Known() || !local.Known() {
		return append(dst, proxyLocal, 0, 0, 0)
	}
	if bothIP4(client, local) {
		dst = append(dst, proxyProxied, proxyTCP4, 0, 4+4+2+2)
		dst = append(append(dst, client.IP[12:]...), local.IP[12:]...)
	} else {
		dst = append(dst, proxyProxied, proxyTCP6, 0, 16+16+2+2)
		dst = append(append(dst, client.IP[:]...), local.IP[:]...)
	}
	dst = binary.BigEndian.AppendUint16(dst, client.Port)
	return binary.BigEndian.AppendUint16(dst, local.Port)
}

// bothIP4 says whether a header can name IPv4 addresses: it has one family.
func bothIP4(a, b codecs.Address) bool {
	_, first := a.IP4()
	_, second := b.IP4()
	return first && second
}

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
