package dns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func addrs(list string) []netip.Addr {
	var all []netip.Addr
	for text := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// TestOrder has a case per rule of RFC 6724 section 6, some of them the examples
// of section 10.2.
func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		name, dst, sources, want string // sources: "-" for no way there
	}{
		{"one", "192.0.0.9", "-", "192.0.0.9"},
		{"1: no way there", "2001:db8:1::1 198.51.100.121", "- 169.254.13.78", "198.51.100.121 2001:db8:1::1"},
		{"2: matching scope", "2001:db8:1::1 198.51.100.121", "fe80::1 198.51.100.117", "198.51.100.121 2001:db8:1::1"},
		{"2: matching scope, IPv4 is link local", "198.51.100.121 2001:db8:1::1", "169.254.13.78 2001:db8:1::2", "2001:db8:1::1 198.51.100.121"},
		{"5: matching label", "2002:c633:6401::1 2001:db8:1::1", "2002:c633:6401::2 2002:c633:6401::2", "2002:c633:6401::1 2001:db8:1::1"},
		{"6: precedence", "2002:c633:6401::1 2001:db8:1::1", "2002:c633:6401::2 2001:db8:1::2", "2001:db8:1::1 2002:c633:6401::1"},
		{"6: IPv6 before IPv4", "10.1.2.3 2001:db8:1::1", "10.1.2.4 2001:db8:1::2", "2001:db8:1::1 10.1.2.3"},
		{"6: IPv4 before unique local", "fd00::1 10.1.2.3", "fd00::2 10.1.2.4", "10.1.2.3 fd00::1"},
		{"8: smaller scope", "2001:db8:1::1 fe80::1", "2001:db8:1::2 fe80::2", "fe80::1 2001:db8:1::1"},
		{"8: site local is of no precedence", "fec0::1 2001:db8:1::1", "fec0::2 2001:db8:1::2", "2001:db8:1::1 fec0::1"},
		{"9: longest prefix", "2001:db8:3ffe::1 2001:db8:1::1", "2001:db8:1::2 2001:db8:1::2", "2001:db8:1::1 2001:db8:3ffe::1"},
		{"9: not within a subnet", "2001:db8:1::1 2001:db8:1::2", "2001:db8:1::2 2001:db8:1::2", "2001:db8:1::1 2001:db8:1::2"},
		{"10: as it came, IPv4", "10.9.0.1 10.1.2.3", "10.1.2.4 10.1.2.4", "10.9.0.1 10.1.2.3"},
		{"interleaved", "10.0.0.1 10.0.0.2 2001:db8::1 2001:db8::2 2001:db8::3", "10.0.0.9 10.0.0.9 2001:db8::9 2001:db8::9 2001:db8::9",
			"2001:db8::1 10.0.0.1 2001:db8::2 10.0.0.2 2001:db8::3"},
		{"multicast has a scope of its own", "ff0e::1 ff02::1", "2001:db8::9 fe80::9", "ff02::1 ff0e::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst, sources := addrs(tt.dst), strings.Fields(tt.sources)
			source := func(addr netip.Addr) netip.Addr {
				src, _ := netip.ParseAddr(sources[slices.Index(addrs(tt.dst), addr)])
				return src
			}
			if got := order(dst, source); !slices.Equal(got, addrs(tt.want)) {
				t.Errorf("order is %v, want %s", got, tt.want)
			}
		})
	}
}

// TestSourceOf: the kernel knows the way to this host and none to nowhere.
func TestSourceOf(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	if got := sourceOf(loopback); got != loopback {
		t.Errorf("the way to loopback is from %v", got)
	}
	if got := sourceOf(netip.MustParseAddr("fe80::1%none")); got.IsValid() {
		t.Errorf("the way to nowhere is from %v", got)
	}
}

// FuzzOrder: nothing is lost nor invented, and no family comes twice in a row
// while there is one of the other left.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), uint8(3))
	f.Add([]byte{4, 10, 0, 0, 1, 6, 0x20, 1, 4, 1, 1, 1, 1}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, seed uint8) {
		var all []netip.Addr
		for len(data) >= 4 && len(all) < 2*maxRecords {
			if data[0]%2 == 0 {
				all = append(all, netip.AddrFrom4([4]byte(data[:4])))
			} else {
				b := [16]byte{0: 0x20, 1: data[1], 15: data[2], 14: data[3]}
				all = append(all, netip.AddrFrom16(b))
			}
			data = data[4:]
		}
		source := func(dst netip.Addr) netip.Addr {
			if b := dst.AsSlice(); b[len(b)-1]%4 == seed%4 {
				return netip.Addr{}
			}
			return dst.Next()
		}
		got := order(slices.Clone(all), source)
		byAddr := func(a, b netip.Addr) int { return a.Compare(b) }
		if !slices.Equal(slices.SortedFunc(slices.Values(got), byAddr), slices.SortedFunc(slices.Values(all), byAddr)) {
			t.Fatalf("order of %v is %v", all, got)
		}
		for i := 1; i < len(got); i++ {
			if rest := got[i:]; got[i].Is4() == got[i-1].Is4() && slices.ContainsFunc(rest, func(a netip.Addr) bool { return a.Is4() != got[i].Is4() }) {
				t.Fatalf("%v isn't interleaved at %d", got, i)
			}
		}
	})
}
