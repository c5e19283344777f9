package smtp

import (
	"net/netip"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func address(text string) codecs.Address {
	if text == "" {
		return codecs.Address{}
	}
	a := netip.MustParseAddrPort(text)
	return codecs.Address{IP: a.Addr().As16(), Port: a.Port()}
}

func TestXClientIPv6(t *testing.T) {
	c := &codec{hello: []byte("HELO b\xc3\xbc\r\n")}
	h := &handover{codec: c, client: address("[2001:db8::1]:9"), offer: offer{xclient: attributeADDR | attributeHELO}}
	const want = "XCLIENT ADDR=IPV6:2001:db8:0:0:0:0:0:1 HELO=b+C3+BC\r\n"
	if got := string(h.appendXClient(nil)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
