package http

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAuthority(t *testing.T) {
	label := strings.Repeat("a", maxLabel)
	longest := strings.Repeat(label+".", 3) + strings.Repeat("b", maxHost-3*len(label)-3)
	for _, tt := range []struct {
		in, key string // no key: refused
		port    int
	}{
		{"a", "a", -1},
		{"Alpha.Example.COM", "alpha.example.com", -1},
		{"a.example.", "a.example", -1},
		{"a.example.:80", "a.example", 80},
		{"a:", "a", -1},
		{"a:0", "a", 0},
		{"a:65535", "a", 65535},
		{"a:00080", "a", 80},
		{"_dmarc.a_b.c-d", "_dmarc.a_b.c-d", -1},
		{"xn--mnchen-3ya.de", "xn--mnchen-3ya.de", -1},
		{"4chan.org", "4chan.org", -1},
		{"1.2.3.4.example", "1.2.3.4.example", -1},
		{"192.0.2.1:8080", "192.0.2.1", 8080},
		{"192.0.2.1.", "192.0.2.1", -1},
		{"[::1]", "[::1]", -1},
		{"[::1]:80", "[::1]", 80},
		{"[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]", -1},
		{"[::FFFF:192.0.2.1]", "[::ffff:192.0.2.1]", -1},
		{longest, longest, -1},
		{longest + ".", longest, -1},
		{longest + "b", "", 0},
		{"a" + label + ".b", "", 0},
		{"", "", 0}, {".", "", 0}, {":80", "", 0}, {".a", "", 0}, {"a..", "", 0}, {"a..b", "", 0},
		{"-a", "", 0}, {"a-", "", 0}, {"a.-b.c", "", 0}, {"a-.b", "", 0},
		{"a b", "", 0}, {"a,b", "", 0}, {"a@b", "", 0}, {"a/b", "", 0}, {"a\\b", "", 0}, {"a%2e", "", 0}, {"m\xc3\xbcnchen", "", 0}, {"a\x00", "", 0}, {"*", "", 0},
		{"a:b", "", 0}, {"a:-1", "", 0}, {"a:+1", "", 0}, {"a: 1", "", 0}, {"a:65536", "", 0}, {"a:000080", "", 0}, {"a:80:80", "", 0}, {"a::80", "", 0},
		{"1", "", 0}, {"127.1", "", 0}, {"256.0.0.1", "", 0}, {"01.2.3.4", "", 0}, {"1.2.3.4.5", "", 0}, {"1.2.3.", "", 0}, {"a.1", "", 0}, {"a.0x1f", "", 0}, {"0x", "0x", -1},
		{"::1", "", 0}, {"[::1", "", 0}, {"::1]", "", 0}, {"[::1]x", "", 0}, {"[::1]]", "", 0}, {"[]", "", 0}, {"[a]", "", 0}, {"[192.0.2.1]", "", 0}, {"[v1.x]", "", 0}, {"[::1%251]", "", 0}, {"a[::1]", "", 0},
	} {
		var k hostKey
		port, ok := k.parseAuthority([]byte(tt.in))
		if ok != (tt.key != "") {
			t.Errorf("%q: taken: %v", tt.in, ok)
			continue
		}
		if ok && (string(k.bytes()) != tt.key || port != tt.port) {
			t.Errorf("%q: %q port %d, want %q port %d", tt.in, k.bytes(), port, tt.key, tt.port)
		}
	}
}

// FuzzAddress compares the address forms with net/netip, which may not be used
// in their place.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3", ":::", "1:", ":1", "1:2:3:4:5:6:1.2.3.4",
		"::1.2.3.4", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:1", "1:0:0:2:0:0:0:3", "1:0:2:0:3:0:4:0", "12345::", "::g", "fe80::1%eth0",
		"0:0:0:0:0:ffff:0:0", "1.2.3.4", "01.2.3.4", "1.2.3", "256.1.1.1", "1.2.3.4.5", "ABCD::Ef",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		want, err := netip.ParseAddr(in)
		six, four := err == nil && want.Is6() && want.Zone() == "", err == nil && want.Is4()
		var k hostKey
		if got := k.setIPv6([]byte(in)); got != six {
			t.Fatalf("IPv6 %q: %v, netip says %v, %v", in, got, want, err)
		}
		if six && string(k.bytes()) != "["+want.String()+"]" {
			t.Fatalf("IPv6 %q: %s, netip writes %s", in, k.bytes(), want)
		}
		if got := isIPv4([]byte(in)); got != four {
			t.Fatalf("IPv4 %q: %v, netip says %v", in, got, err)
		}
	})
}
