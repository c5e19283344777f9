package proxyheader

import "encoding/binary"

const (
	signatureV2 = "\r\n\r\n\x00\r\nQUIT\n"
	// fixedV2 is what has the same size in every header of version 2.
	fixedV2 = 16
	// local and proxied are the version, 2, with the commands LOCAL and PROXY.
	local, proxied = 0x20, 0x21
	// unspecified, tcp4 and tcp6 are an address family with its transport.
	unspecified, tcp4, tcp6 = 0x00, 0x11, 0x21
)

func missingV2(got []byte) (int, error) {
	if len(got) < fixedV2 {
		return fixedV2 - len(got), nil
	}
	size := fixedV2 + int(binary.BigEndian.Uint16(got[fixedV2-2:]))
	if size > MaxV2 {
		return 0, malformed("version 2 with %d bytes, more than %d", size, MaxV2)
	}
	return size - len(got), nil
}

// isUnspecified says that a header of version 2 is of a client whose address the
// sender has no word for, which the receiver may take as it takes LOCAL.
func isUnspecified(header []byte) bool {
	return isPrefix(header, signatureV2) && len(header) >= fixedV2 && header[12] == proxied && header[13] == unspecified
}

// appendV2 appends the binary header. Addresses of two families are both IPv6's,
// the IPv4 one mapped.
func (h Header) appendV2(dst []byte) []byte {
	dst = append(dst, signatureV2...)
	switch {
	case !h.Known():
		return append(dst, local, unspecified, 0, 0)
	case h.isIPv4():
		dst = append(dst, proxied, tcp4, 0, 4+4+2+2)
		from, to := h.Client.Addr().As4(), h.Local.Addr().As4()
		dst = append(append(dst, from[:]...), to[:]...)
	default:
		dst = append(dst, proxied, tcp6, 0, 16+16+2+2)
		from, to := h.Client.Addr().As16(), h.Local.Addr().As16()
		dst = append(append(dst, from[:]...), to[:]...)
	}
	dst = binary.BigEndian.AppendUint16(dst, h.Client.Port())
	return binary.BigEndian.AppendUint16(dst, h.Local.Port())
}
