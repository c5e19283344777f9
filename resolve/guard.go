package resolve

import (
	"fmt"
	"net/netip"
	"strings"
)

// Guard keeps a resolver, or whoever controls the DNS names it answers with,
// from sending the engine to addresses that aren't for it: loopback, private
// networks, a cloud's metadata service (server-side request forgery, SSRF).
//
// The zero value refuses every address IANA's special-purpose registries don't
// call globally reachable, all IPv6 outside 2000::/3, and multicast. Forms that
// carry an IPv4 address (IPv4-mapped, NAT64, 6to4, Teredo) are refused if
// either the form or the embedded address is.
//
// A Guard is read only and safe for concurrent use.
type Guard struct {
	// Allow opens ranges, and nothing through them: opening 64:ff9b:1::/48
	// doesn't open the private IPv4 addresses behind that translator, those
	// need a range of their own. Use ParsePrefixes to fill it: an IPv4-mapped
	// prefix matches nothing, addresses are unmapped first.
	Allow []netip.Prefix
	// SkipAll turns the guard off.
	SkipAll bool
}

// Check returns nil if addr may be dialled, else an *Error of kind Forbidden.
// It doesn't allocate unless it refuses. A zone doesn't change the verdict.
func (g Guard) Check(addr netip.Addr) error {
	if !addr.IsValid() {
		return Errorf(Forbidden, "no valid address")
	}
	if g.SkipAll {
		return nil
	}
	plain := addr.Unmap().WithZone("") // Prefix.Contains is false for any zone
	if err := g.checkPlain(plain); err != nil {
		return err
	}
	for i := range embeddings {
		form := &embeddings[i]
		if !form.prefix.Contains(plain) {
			continue
		}
		if err := g.checkPlain(form.extract(plain)); err != nil {
			return Errorf(Forbidden, "%v embeds an address: %w", plain, err)
		}
	}
	return nil
}

// checkPlain judges an address without zone by its own bits only.
func (g Guard) checkPlain(addr netip.Addr) error {
	row := special(addr)
	if row == nil || row.reachable || g.allows(addr) {
		return nil
	}
	return Errorf(Forbidden, "%v is in %v: %s (%s)", addr, row.prefix, row.name, row.source)
}

func (g Guard) allows(addr netip.Addr) bool {
	for _, prefix := range g.Allow {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// embedding says where a form of IPv6 address carries an IPv4 address.
type embedding struct {
	prefix netip.Prefix
	// at is the index of the first of the four bytes.
	at int
	// inverted says that every bit of them is flipped.
	inverted bool
}

// embeddings are the forms that some gateway or tunnel turns into IPv4 traffic
// (IPv4-mapped ones are unmapped before). In 64:ff9b:1::/48 a prefix of 96 bits
// is assumed, where the IPv4 address comes last; an address doesn't tell its
// prefix, so a network that translates with a shorter one should stay closed.
var embeddings = [...]embedding{
	{prefix: cidr("64:ff9b::/96"), at: 12},              // NAT64, RFC 6052 section 2.2
	{prefix: cidr("64:ff9b:1::/48"), at: 12},            // local-use NAT64, RFC 8215
	{prefix: cidr("2002::/16"), at: 2},                  // 6to4, RFC 3056 section 2
	{prefix: cidr("2001::/32"), at: 4},                  // Teredo's server, RFC 4380 section 4
	{prefix: cidr("2001::/32"), at: 12, inverted: true}, // Teredo's client
}

func (e *embedding) extract(addr netip.Addr) netip.Addr {
	all := addr.As16()
	v4 := [4]byte(all[e.at : e.at+4])
	if e.inverted {
		for i := range v4 {
			v4[i] = ^v4[i]
		}
	}
	return netip.AddrFrom4(v4)
}

// ParsePrefixes reads a comma-separated list of CIDR ranges and single
// addresses for Guard.Allow. Spaces around an item and empty items are fine;
// bits set behind the prefix are an error, for they are a slip more often than
// meant.
func ParsePrefixes(list string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		prefix, err := parsePrefix(item)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither a CIDR range nor an IP address", s)
	}
	if masked := prefix.Masked(); prefix != masked {
		return netip.Prefix{}, fmt.Errorf("%q has bits set behind its prefix: did you mean %v?", s, masked)
	}
	return unmapPrefix(prefix), nil
}

// mappedBits is the length of ::ffff:0:0/96, before which an IPv4 address
// begins in its mapped form.
const mappedBits = 96

func unmapPrefix(p netip.Prefix) netip.Prefix {
	if !p.Addr().Is4In6() || p.Bits() < mappedBits {
		return p
	}
	return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
}
