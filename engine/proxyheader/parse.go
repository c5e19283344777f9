package proxyheader

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"

	proxyproto "github.com/pires/go-proxyproto"
)

// Parse understands a complete header, as Gather returns it, and nothing behind
// it.
func Parse(header []byte) (Header, error) {
	if isUnspecified(header) {
		return Header{}, nil
	}
	r := bufio.NewReaderSize(bytes.NewReader(header), len(header))
	h, err := proxyproto.Read(r)
	switch {
	case err != nil:
		return Header{}, malformed("%v", err)
	case r.Buffered() > 0:
		return Header{}, malformed("it is shorter than any of its kind")
	case h.Command.IsLocal():
		return Header{}, nil
	}
	client, to, isTCP := h.TCPAddrs()
	if !isTCP {
		return Header{}, nil
	}
	return Header{Client: plain(client), Local: plain(to)}, nil
}

// plain is the address as other parts have them: IPv4 isn't mapped.
func plain(a *net.TCPAddr) netip.AddrPort {
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
