package resolve

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// registryRows are the blocks of both registries and the others the guard
// knows, apart from specialBlocks: the verdict on the addresses within, and on
// those just before and just after the block.
var registryRows = []struct {
	block                 string
	within, before, after bool // true: dialled
}{
	{"0.0.0.0/8", false, false, true},
	{"0.0.0.0/32", false, false, false},
	{"10.0.0.0/8", false, true, true},
	{"100.64.0.0/10", false, true, true},
	{"127.0.0.0/8", false, true, true},
	{"169.254.0.0/16", false, true, true},
	{"172.16.0.0/12", false, true, true},
	{"192.0.0.0/24", false, true, true},
	{"192.0.0.0/29", false, true, false},
	{"192.0.0.8/32", false, false, true},
	{"192.0.0.9/32", true, false, true},
	{"192.0.0.10/32", true, true, false},
	{"192.0.0.170/32", false, false, false},
	{"192.0.0.171/32", false, false, false},
	{"192.0.2.0/24", false, true, true},
	{"192.31.196.0/24", true, true, true},
	{"192.52.193.0/24", true, true, true},
	{"192.88.99.0/24", false, true, true},
	{"192.88.99.2/32", false, false, false},
	{"192.168.0.0/16", false, true, true},
	{"192.175.48.0/24", true, true, true},
	{"198.18.0.0/15", false, true, true},
	{"198.51.100.0/24", false, true, true},
	{"203.0.113.0/24", false, true, true},
	{"224.0.0.0/4", false, true, false},
	{"240.0.0.0/4", false, false, false},
	{"255.255.255.255/32", false, false, false},

	{"::/128", false, false, false},
	{"::1/128", false, false, false},
	{"::ffff:10.0.0.0/104", false, true, true},
	{"64:ff9b::a00:0/104", false, true, true},
	{"64:ff9b:1::/48", false, false, false},
	{"100::/64", false, false, false},
	{"100:0:0:1::/64", false, false, false},
	{"2000::/3", true, false, false},
	{"2001::/23", false, true, true},
	{"2001::/32", false, true, false}, // embeds 0.0.0.0, 255.255.255.255
	{"2001:1::1/128", true, false, true},
	{"2001:1::2/128", true, true, true},
	{"2001:1::3/128", true, true, false},
	{"2001:2::/48", false, false, false},
	{"2001:3::/32", true, false, false},
	{"2001:4:112::/48", true, false, false},
	{"2001:10::/28", false, false, true},
	{"2001:20::/28", true, false, true},
	{"2001:30::/28", true, true, false},
	{"2001:db8::/32", false, true, true},
	{"2002:a00::/24", false, true, true},
	{"2620:4f:8000::/48", true, true, true},
	{"3fff::/20", false, true, true},
	{"4000::/2", false, true, false},
	{"5f00::/16", false, false, false},
	{"fc00::/7", false, false, false},
	{"fe80::/10", false, false, false},
	{"fec0::/10", false, false, false},
	{"ff00::/8", false, false, false},
}

func TestGuardBlockEdges(t *testing.T) {
	var g Guard
	check := func(block string, addr netip.Addr, want bool) {
		t.Helper()
		if !addr.IsValid() { // past an end of the address space
			return
		}
		err := g.Check(addr)
		if dialled := err == nil; dialled != want {
			t.Errorf("%s: Check(%v) = %v, want it dialled: %v", block, addr, err, want)
		}
		if err != nil && KindOf(err) != Forbidden {
			t.Errorf("%s: Check(%v) fails with kind %v, want forbidden", block, addr, KindOf(err))
		}
	}
	for _, row := range registryRows {
		p := cidr(row.block)
		first, last := p.Masked().Addr(), lastOf(p)
		check(row.block, first, row.within)
		check(row.block, last, row.within)
		check(row.block, first.Prev(), row.before)
		check(row.block, last.Next(), row.after)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// TestSpecialBlocks: the table itself is sound.
func TestSpecialBlocks(t *testing.T) {
	seen := make(map[netip.Prefix]bool)
	for _, row := range specialBlocks {
		if row.prefix != row.prefix.Masked() {
			t.Errorf("%v has bits set behind its prefix", row.prefix)
		}
		if seen[row.prefix] {
			t.Errorf("%v is there twice", row.prefix)
		}
		seen[row.prefix] = true
		if row.name == "" || !strings.HasPrefix(row.source, "RFC ") {
			t.Errorf("%v: name %q, source %q", row.prefix, row.name, row.source)
		}
	}
}

func TestGuardPublic(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "172.15.255.255", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7"} {
		if err := (Guard{}).Check(netip.MustParseAddr(s)); err != nil {
			t.Errorf("Check(%s) = %v", s, err)
		}
	}
}

func TestGuardEmbedded(t *testing.T) {
	private := Guard{Allow: []netip.Prefix{cidr("10.0.0.0/8")}}
	nat64 := Guard{Allow: []netip.Prefix{cidr("64:ff9b:1::/48")}}
	tests := []struct {
		name  string
		guard Guard
		addr  string
		want  bool
	}{
		{"mapped", Guard{}, "::ffff:127.0.0.1", false},
		{"mapped, opened", private, "::ffff:10.1.2.3", true},
		{"NAT64", Guard{}, "64:ff9b::169.254.169.254", false},
		{"NAT64, opened", private, "64:ff9b::10.1.2.3", true},
		{"6to4", Guard{}, "2002:7f00:1::1", false},
		{"6to4, opened", private, "2002:a01:203::1", true},
		{"Teredo server", Guard{}, "2001:0:a01:203::f7f7:f7f7", false},
		{"Teredo client", Guard{}, "2001:0:808:808::f5fe:fdfc", false},
		{"Teredo client, opened", private, "2001:0:808:808::f5fe:fdfc", true},
		{"local NAT64 of a public address", Guard{}, "64:ff9b:1::8.8.8.8", false},
		{"local NAT64, embedded opened", private, "64:ff9b:1::10.1.2.3", false},
		{"local NAT64 opened, public", nat64, "64:ff9b:1::8.8.8.8", true},
		{"local NAT64 opened, private", nat64, "64:ff9b:1::10.1.2.3", false},
		{"all of IPv6 opened, 6to4", Guard{Allow: []netip.Prefix{cidr("::/0")}}, "2002:7f00:1::1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.guard.Check(netip.MustParseAddr(tt.addr))
			if got := err == nil; got != tt.want {
				t.Errorf("Check(%s) = %v, want it dialled: %v", tt.addr, err, tt.want)
			}
		})
	}
}

func TestGuardZone(t *testing.T) {
	linkLocal := netip.MustParseAddr("fe80::1%eth0")
	if (Guard{}).Check(linkLocal) == nil {
		t.Error("a link-local address with a zone passes")
	}
	if err := (Guard{Allow: []netip.Prefix{cidr("fe80::/10")}}).Check(linkLocal); err != nil {
		t.Errorf("opened, a link-local address with a zone is refused: %v", err)
	}
}

func TestGuardSkipAll(t *testing.T) {
	g := Guard{SkipAll: true}
	if err := g.Check(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("Check = %v", err)
	}
	if g.Check(netip.Addr{}) == nil {
		t.Error("the zero Addr passes")
	}
}

func TestGuardErrorSaysWhy(t *testing.T) {
	err := (Guard{}).Check(netip.MustParseAddr("64:ff9b::10.0.0.1"))
	want := "forbidden: 64:ff9b::a00:1 embeds an address: forbidden: 10.0.0.1 is in 10.0.0.0/8: private use (RFC 1918)"
	if err == nil || err.Error() != want {
		t.Errorf("Check fails with\n%v, want\n%s", err, want)
	}
}

func TestGuardAllocs(t *testing.T) {
	g := Guard{Allow: []netip.Prefix{cidr("10.0.0.0/8")}}
	for _, s := range []string{"8.8.8.8", "10.0.0.1", "64:ff9b::8.8.8.8", "2001:0:808:808::f7f7:f7f7", "2a00::1%eth0"} {
		addr := netip.MustParseAddr(s)
		var err error
		if n := testing.AllocsPerRun(100, func() { err = g.Check(addr) }); n != 0 || err != nil {
			t.Errorf("Check(%s) allocates %v times and returns %v", s, n, err)
		}
	}
}

func TestParsePrefixes(t *testing.T) {
	got, err := ParsePrefixes(" 10.0.0.0/8,, 127.0.0.1 ,fd00::/8,::1,::ffff:192.168.0.0/112,::ffff:1.2.3.4,0.0.0.0/0,")
	want := []netip.Prefix{cidr("10.0.0.0/8"), cidr("127.0.0.1/32"), cidr("fd00::/8"), cidr("::1/128"),
		cidr("192.168.0.0/16"), cidr("1.2.3.4/32"), cidr("0.0.0.0/0")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("ParsePrefixes = %v, %v, want %v", got, err, want)
	}
	if got, err := ParsePrefixes(""); got != nil || err != nil {
		t.Errorf("ParsePrefixes of nothing = %v, %v", got, err)
	}
}

func TestParsePrefixesRefuses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"10.0.0.1/8", "did you mean 10.0.0.0/8?"},
		{"10.0.0.0/33", "neither a CIDR range nor an IP address"},
		{"10.0.0.0/8;fd00::/8", "neither a CIDR range nor an IP address"},
		{"localhost", "neither a CIDR range nor an IP address"},
		{"fe80::1%eth0", "neither a CIDR range nor an IP address"},
		{"fd00::/8, 10/8", `"10/8"`},
	}
	for _, tt := range tests {
		_, err := ParsePrefixes(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParsePrefixes(%q) fails with %v, want %q in it", tt.in, err, tt.want)
		}
	}
}

// FuzzGuard: no form of a refused IPv4 address is dialled, whatever else the
// form carries, and opening a range opens what is in it.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8", "192.0.0.9", "255.255.255.255"} {
		b := netip.MustParseAddr(s).As4()
		f.Add(b[:], []byte("0123456789ab"), uint8(16))
	}
	f.Fuzz(func(t *testing.T, v4, rest []byte, bits uint8) {
		if len(v4) != 4 || len(rest) != 12 {
			return
		}
		addr := netip.AddrFrom4([4]byte(v4))
		forms := embed([4]byte(v4), [12]byte(rest))
		refused := (Guard{}).Check(addr) != nil
		for name, form := range forms {
			if err := (Guard{}).Check(form); refused && err == nil {
				t.Errorf("%v is refused, but its form %s, %v, isn't", addr, name, form)
			}
		}
		if mapped := (Guard{}).Check(forms["mapped"]); (mapped != nil) != refused {
			t.Errorf("%v: %v, as mapped: %v", addr, refused, mapped)
		}
		open, err := addr.Prefix(int(bits) % 33)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Guard{Allow: []netip.Prefix{open}}).Check(addr); err != nil {
			t.Errorf("%v is open, Check(%v) = %v", open, addr, err)
		}
	})
}

// embed returns the forms of IPv6 address that carry v4, with rest where they
// leave room.
func embed(v4 [4]byte, rest [12]byte) map[string]netip.Addr {
	form := func(prefix string, at int, v4 [4]byte) netip.Addr {
		p := cidr(prefix)
		b := p.Addr().As16()
		copy(b[p.Bits()/8:], rest[:])
		copy(b[at:], v4[:])
		return netip.AddrFrom16(b)
	}
	inverted := [4]byte{^v4[0], ^v4[1], ^v4[2], ^v4[3]}
	return map[string]netip.Addr{
		"mapped":        form("::ffff:0:0/96", 12, v4),
		"NAT64":         form("64:ff9b::/96", 12, v4),
		"local NAT64":   form("64:ff9b:1::/48", 12, v4),
		"6to4":          form("2002::/16", 2, v4),
		"Teredo server": form("2001::/32", 4, v4),
		"Teredo client": form("2001::/32", 12, inverted),
	}
}
