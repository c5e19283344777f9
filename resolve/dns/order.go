package dns

import (
	"cmp"
	"math/bits"
	"net"
	"net/netip"
	"slices"
)

// sourceFunc returns the address that this host would send from, the zero Addr
// if there is no way to the destination.
type sourceFunc func(dst netip.Addr) netip.Addr

// sourceOf asks the kernel: connecting a UDP socket sends nothing.
func sourceOf(dst netip.Addr) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(dst, 53)))
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}

// order returns the addresses in the order to dial them: sorted by RFC 6724, and
// then one of each family in turn, so that a broken family costs one attempt and
// no more (RFC 8305 section 4).
func order(addrs []netip.Addr, source sourceFunc) []netip.Addr {
	if len(addrs) < 2 {
		return addrs
	}
	routes := make([]route, len(addrs))
	for i, addr := range addrs {
		routes[i] = newRoute(addr, source(addr))
	}
	slices.SortStableFunc(routes, compare)
	sorted := make([]netip.Addr, len(routes))
	for i := range routes {
		sorted[i] = routes[i].dst
	}
	return interleave(sorted)
}

func interleave(addrs []netip.Addr) []netip.Addr {
	var first, other []netip.Addr
	for _, addr := range addrs {
		if addr.Is4() == addrs[0].Is4() {
			first = append(first, addr)
		} else {
			other = append(other, addr)
		}
	}
	mixed := addrs[:0]
	for len(first) > 0 || len(other) > 0 {
		for _, family := range []*[]netip.Addr{&first, &other} {
			if len(*family) > 0 {
				mixed, *family = append(mixed, (*family)[0]), (*family)[1:]
			}
		}
	}
	return mixed
}

// route is a destination with what the rules compare.
type route struct {
	dst      netip.Addr
	usable   bool
	sameArea bool // the source's scope is the destination's
	sameKind bool // and so is its label
	policy   *policy
	scope    uint8
	shared   int // leading bits that source and destination have in common
}

func newRoute(dst, src netip.Addr) route {
	r := route{dst: dst, usable: src.IsValid(), policy: policyOf(dst), scope: scopeOf(dst)}
	if r.usable {
		r.sameArea = scopeOf(src) == r.scope
		r.sameKind = policyOf(src).label == r.policy.label
		r.shared = sharedBits(src, dst)
	}
	return r
}

// compare has the rules of RFC 6724 section 6 by their numbers. Rules 3, 4 and 7
// need what the kernel doesn't tell of the source: that it is deprecated, a home
// address or a tunnel's.
func compare(a, b route) int {
	return cmp.Or(
		first(a.usable, b.usable),                             // 1
		first(a.sameArea, b.sameArea),                         // 2
		first(a.sameKind, b.sameKind),                         // 5
		cmp.Compare(b.policy.precedence, a.policy.precedence), // 6
		cmp.Compare(a.scope, b.scope),                         // 8
		longest(a, b),                                         // 9
	)
}

// first puts what is true before what isn't.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// longest leaves IPv4 alone, where a common prefix says nothing of the way.
func longest(a, b route) int {
	if a.dst.Is4() || b.dst.Is4() {
		return 0
	}
	return cmp.Compare(b.shared, a.shared)
}

// sharedBits counts up to the length of a subnet's prefix.
func sharedBits(a, b netip.Addr) int {
	x, y := a.As16(), b.As16()
	const prefix = 64
	for i := range prefix / 8 {
		if diff := x[i] ^ y[i]; diff != 0 {
			return i*8 + bits.LeadingZeros8(diff)
		}
	}
	return prefix
}

// policy is a row of the table of RFC 6724 section 2.1.
type policy struct {
	prefix     netip.Prefix
	precedence uint8
	label      uint8
}

// policies has the longer prefix before the shorter one.
var policies = [...]policy{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::ffff:0:0/96"), 35, 4},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

func policyOf(addr netip.Addr) *policy {
	wide := netip.AddrFrom16(addr.As16()) // IPv4 has its row as mapped
	i := 0
	for !policies[i].prefix.Contains(wide) {
		i++
	}
	return &policies[i]
}

// The scopes of RFC 4291 section 2.7, which RFC 6724 section 3 gives to unicast
// and IPv4 addresses as well.
const (
	scopeLink   = 0x2
	scopeSite   = 0x5
	scopeGlobal = 0xe
)

func scopeOf(addr netip.Addr) uint8 {
	switch {
	case addr.Is6() && addr.IsMulticast():
		return addr.As16()[1] & 0xf
	case addr.IsLoopback() || addr.IsLinkLocalUnicast():
		return scopeLink
	case addr.Is6() && policyOf(addr).label == 11:
		return scopeSite
	}
	return scopeGlobal
}
