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

func TestProxyHeaders(t *testing.T) {
	for _, tt := range []struct{ client, local, v1, v2 string }{
		{
			"192.0.2.1:40000", "198.51.100.2:25", "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n",
			proxySignature + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x9c\x40\x00\x19",
		},
		{
			"[2001:db8::1]:1", "[::1]:65535", "PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 65535\r\n",
			proxySignature + "\x21\x21\x00\x24\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
				"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\xff\xff",
		},
		{
			"192.0.2.1:1", "[2001:db8::1]:2", "PROXY TCP6 0:0:0:0:0:ffff:c000:201 2001:db8:0:0:0:0:0:1 1 2\r\n",
			proxySignature + "\x21\x21\x00\x24\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01" +
				"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x02",
		},
		{"", "192.0.2.1:1", "PROXY UNKNOWN\r\n", proxySignature + "\x20\x00\x00\x00"},
	} {
		target := codecs.Target{Client: address(tt.client), Local: address(tt.local)}
		for header, want := range map[ClientHeader]string{NoHeader: "", ProxyV1: tt.v1, ProxyV2: tt.v2, XClient: ""} {
			if got := string(appendProxy(nil, header, target)); got != want {
				t.Errorf("%v of %q: %q, want %q", header, tt.client, got, want)
			}
		}
	}
}

func TestXClientIPv6(t *testing.T) {
	c := &codec{hello: []byte("HELO b\xc3\xbc\r\n")}
	h := &handover{codec: c, client: address("[2001:db8::1]:9"), offer: offer{xclient: attributeADDR | attributeHELO}}
	const want = "XCLIENT ADDR=IPV6:2001:db8:0:0:0:0:0:1 HELO=b+C3+BC\r\n"
	if got := string(h.appendXClient(nil)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
