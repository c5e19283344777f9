package resolve

import "net/netip"

// block is one row of a registry of address blocks.
type block struct {
	prefix netip.Prefix
	name   string
	source string
	// reachable is the registry's column "Globally Reachable". Where it says
	// "N/A" because the block carries an IPv4 address, the row says true and
	// the embedded address decides, see embeddings.
	reachable bool
}

// specialBlocks are IANA's special-purpose address registries for IPv4 and
// IPv6 in the state of 2025-10 (www.iana.org/assignments/iana-ipv4-special-registry
// and iana-ipv6-special-registry), and below them the blocks that other
// registries of IANA's keep from being a backend's address. The most specific
// row that contains an address decides; an IPv4 address in none is reachable.
var specialBlocks = [...]block{
	{cidr("0.0.0.0/8"), "this network", "RFC 791 section 3.2", false},
	{cidr("0.0.0.0/32"), "this host", "RFC 1122 section 3.2.1.3", false},
	{cidr("10.0.0.0/8"), "private use", "RFC 1918", false},
	{cidr("100.64.0.0/10"), "shared address space", "RFC 6598", false},
	{cidr("127.0.0.0/8"), "loopback", "RFC 1122 section 3.2.1.3", false},
	{cidr("169.254.0.0/16"), "link local", "RFC 3927", false},
	{cidr("172.16.0.0/12"), "private use", "RFC 1918", false},
	{cidr("192.0.0.0/24"), "IETF protocol assignments", "RFC 6890 section 2.1", false},
	{cidr("192.0.0.0/29"), "IPv4 service continuity", "RFC 7335", false},
	{cidr("192.0.0.8/32"), "IPv4 dummy address", "RFC 7600", false},
	{cidr("192.0.0.9/32"), "port control protocol anycast", "RFC 7723", true},
	{cidr("192.0.0.10/32"), "TURN anycast", "RFC 8155", true},
	{cidr("192.0.0.170/32"), "NAT64/DNS64 discovery", "RFC 8880", false},
	{cidr("192.0.0.171/32"), "NAT64/DNS64 discovery", "RFC 8880", false},
	{cidr("192.0.2.0/24"), "documentation", "RFC 5737", false},
	{cidr("192.31.196.0/24"), "AS112", "RFC 7535", true},
	{cidr("192.52.193.0/24"), "automatic multicast tunneling", "RFC 7450", true},
	{cidr("192.88.99.0/24"), "6to4 relay anycast, deprecated", "RFC 7526", false},
	{cidr("192.88.99.2/32"), "6a44 relay anycast", "RFC 6751", false},
	{cidr("192.168.0.0/16"), "private use", "RFC 1918", false},
	{cidr("192.175.48.0/24"), "AS112 direct delegation", "RFC 7534", true},
	{cidr("198.18.0.0/15"), "benchmarking", "RFC 2544", false},
	{cidr("198.51.100.0/24"), "documentation", "RFC 5737", false},
	{cidr("203.0.113.0/24"), "documentation", "RFC 5737", false},
	{cidr("240.0.0.0/4"), "reserved", "RFC 1112 section 4", false},
	{cidr("255.255.255.255/32"), "limited broadcast", "RFC 8190", false},

	{cidr("::1/128"), "loopback", "RFC 4291 section 2.5.3", false},
	{cidr("::/128"), "unspecified", "RFC 4291 section 2.5.2", false},
	{cidr("::ffff:0:0/96"), "IPv4-mapped", "RFC 4291 section 2.5.5.2", false},
	{cidr("64:ff9b::/96"), "NAT64", "RFC 6052", true},
	{cidr("64:ff9b:1::/48"), "local-use NAT64", "RFC 8215", false},
	{cidr("100::/64"), "discard only", "RFC 6666", false},
	{cidr("100:0:0:1::/64"), "dummy prefix", "RFC 9780", false},
	{cidr("2001::/23"), "IETF protocol assignments", "RFC 2928", false},
	{cidr("2001::/32"), "Teredo", "RFC 4380", true},
	{cidr("2001:1::1/128"), "port control protocol anycast", "RFC 7723", true},
	{cidr("2001:1::2/128"), "TURN anycast", "RFC 8155", true},
	{cidr("2001:1::3/128"), "DNS-SD registration anycast", "RFC 9665", true},
	{cidr("2001:2::/48"), "benchmarking", "RFC 5180", false},
	{cidr("2001:3::/32"), "automatic multicast tunneling", "RFC 7450", true},
	{cidr("2001:4:112::/48"), "AS112", "RFC 7535", true},
	{cidr("2001:10::/28"), "ORCHID, deprecated", "RFC 4843", false},
	{cidr("2001:20::/28"), "ORCHIDv2", "RFC 7343", true},
	{cidr("2001:30::/28"), "drone remote identification", "RFC 9374", true},
	{cidr("2001:db8::/32"), "documentation", "RFC 3849", false},
	{cidr("2002::/16"), "6to4", "RFC 3056", true},
	{cidr("2620:4f:8000::/48"), "AS112 direct delegation", "RFC 7534", true},
	{cidr("3fff::/20"), "documentation", "RFC 9637", false},
	{cidr("5f00::/16"), "segment routing", "RFC 9602", false},
	{cidr("fc00::/7"), "unique local", "RFC 4193", false},
	{cidr("fe80::/10"), "link local", "RFC 4291 section 2.5.6", false},

	{cidr("224.0.0.0/4"), "multicast", "RFC 5771", false},
	{cidr("ff00::/8"), "multicast", "RFC 4291 section 2.7", false},
	{cidr("fec0::/10"), "site local, deprecated", "RFC 3879", false},
	{cidr("2000::/3"), "global unicast", "RFC 4291 section 2.4", true},
	{cidr("::/0"), "not given out for global unicast", "RFC 4291 section 2.4", false},
}

func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// special returns the most specific row that contains addr, or nil.
func special(addr netip.Addr) *block {
	var found *block
	for i := range specialBlocks {
		row := &specialBlocks[i]
		if row.prefix.Contains(addr) && (found == nil || row.prefix.Bits() > found.prefix.Bits()) {
			found = row
		}
	}
	return found
}
