package codecs

import (
	"net/netip"
	"testing"
)

func TestAddress(t *testing.T) {
	for text, four := range map[string]bool{"192.0.2.1": true, "2001:db8::1": false, "::1": false} {
		ip := netip.MustParseAddr(text)
		a := Address{IP: ip.As16(), Port: 1}
		got, ok := a.IP4()
		if !a.Known() || ok != four || four && netip.AddrFrom4(got) != ip {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	if (Address{Port: 1}).Known() {
		t.Error("a port alone is an address")
	}
}
