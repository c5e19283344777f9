package guardtest

import "net/netip"

// verdict says what becomes of an endpoint.
type verdict uint8

const (
	// forbidden: refused unless its range is open.
	forbidden verdict = iota
	// public: dialled in any case.
	public
	// unroutable: forbidden, and the kernel connects to it for nobody: that
	// opening its range reaches it can't be seen.
	unroutable
	// invalid: is no endpoint at all, whatever is open.
	invalid
)

// row is a host as an endpoint has it, and what becomes of it.
type row struct {
	host string
	want verdict
	why  string
}

// addr returns the address that a name may resolve to, false if the host is none
// or has a zone, of which DNS knows nothing.
func (r row) addr() (netip.Addr, bool) {
	addr, err := netip.ParseAddr(r.host)
	return addr, err == nil && addr.Zone() == ""
}

// rows has each block of IANA's special-purpose registries for IPv4 and IPv6, the
// forms of IPv6 that carry IPv4, and spellings that some libraries take for IPv4.
func rows() []row {
	return []row{
		{"0.0.0.0", forbidden, "this host"},
		{"0.0.0.1", forbidden, "this network"},
		{"0.255.255.255", forbidden, "this network, last"},
		{"10.0.0.0", forbidden, "private"},
		{"10.0.0.1", forbidden, "private"},
		{"10.255.255.255", forbidden, "private, last"},
		{"100.64.0.1", forbidden, "shared"},
		{"100.100.100.200", forbidden, "shared, a cloud's metadata"},
		{"100.127.255.255", forbidden, "shared, last"},
		{"127.0.0.1", forbidden, "loopback"},
		{"127.0.0.53", forbidden, "loopback"},
		{"127.255.255.254", forbidden, "loopback"},
		{"169.254.0.1", forbidden, "link local"},
		{"169.254.169.254", forbidden, "link local, a cloud's metadata"},
		{"169.254.170.2", forbidden, "link local, a container's credentials"},
		{"172.16.0.1", forbidden, "private"},
		{"172.17.0.1", forbidden, "private"},
		{"172.31.255.255", forbidden, "private, last"},
		{"192.0.0.1", forbidden, "IPv4 service continuity"},
		{"192.0.0.8", forbidden, "dummy"},
		{"192.0.0.11", forbidden, "protocol assignments"},
		{"192.0.0.170", forbidden, "NAT64 discovery"},
		{"192.0.0.171", forbidden, "NAT64 discovery"},
		{"192.0.0.192", forbidden, "protocol assignments, a cloud's metadata"},
		{"192.0.2.1", forbidden, "documentation"},
		{"192.88.99.1", forbidden, "6to4 relay"},
		{"192.88.99.2", forbidden, "6a44 relay"},
		{"192.168.0.1", forbidden, "private"},
		{"192.168.255.255", forbidden, "private, last"},
		{"198.18.0.1", forbidden, "benchmarking"},
		{"198.19.255.255", forbidden, "benchmarking, last"},
		{"198.51.100.1", forbidden, "documentation"},
		{"203.0.113.1", forbidden, "documentation"},
		{"224.0.0.1", unroutable, "multicast"},
		{"239.255.255.255", unroutable, "multicast, last"},
		{"240.0.0.1", forbidden, "reserved"},
		{"255.255.255.254", forbidden, "reserved, last"},
		{"255.255.255.255", unroutable, "broadcast"},

		{"::", forbidden, "unspecified"},
		{"::1", forbidden, "loopback"},
		{"::2", forbidden, "not given out"},
		{"::127.0.0.1", forbidden, "IPv4-compatible, deprecated"},
		{"64:ff9b:1::1", forbidden, "local-use NAT64"},
		{"100::1", forbidden, "discard"},
		{"100:0:0:1::1", forbidden, "dummy"},
		{"200::1", forbidden, "not given out"},
		{"2001:1::4", forbidden, "protocol assignments"},
		{"2001:2::1", forbidden, "benchmarking"},
		{"2001:5::1", forbidden, "protocol assignments"},
		{"2001:10::1", forbidden, "ORCHID"},
		{"2001:1ff:ffff::1", forbidden, "protocol assignments, last"},
		{"2001:db8::1", forbidden, "documentation"},
		{"3fff::1", forbidden, "documentation"},
		{"4000::1", forbidden, "not given out"},
		{"5f00::1", forbidden, "segment routing"},
		{"fc00::1", forbidden, "unique local"},
		{"fd00:ec2::254", forbidden, "unique local, a cloud's metadata"},
		{"fdff:ffff::1", forbidden, "unique local"},
		{"fe80::1%lo", forbidden, "link local with a zone"},
		{"fe80::1%1", forbidden, "link local with a zone's number"},
		{"fe80::1", unroutable, "link local without a zone"},
		{"febf::1%lo", forbidden, "link local, last, with a zone"},
		{"::1%lo", forbidden, "loopback with a zone"},
		{"fec0::1", forbidden, "site local"},
		{"ff02::1", unroutable, "multicast"},
		{"ff02::1%lo", unroutable, "multicast with a zone"},
		{"ff0e::1", unroutable, "multicast, global"},

		{"::ffff:127.0.0.1", forbidden, "mapped loopback"},
		{"::ffff:7f00:1", forbidden, "mapped loopback in hex"},
		{"::ffff:10.0.0.1", forbidden, "mapped private"},
		{"::ffff:169.254.169.254", forbidden, "mapped metadata"},
		{"::ffff:0.0.0.0", forbidden, "mapped this host"},
		{"::ffff:0:10.0.0.1", forbidden, "translated (SIIT)"},
		{"64:ff9b::10.0.0.1", forbidden, "NAT64 of private"},
		{"64:ff9b::7f00:1", forbidden, "NAT64 of loopback"},
		{"64:ff9b::169.254.169.254", forbidden, "NAT64 of metadata"},
		{"64:ff9b:1::10.0.0.1", forbidden, "local NAT64 of private"},
		{"64:ff9b:1::8.8.8.8", forbidden, "local NAT64 of public"},
		{"2002:a00:1::1", forbidden, "6to4 of private"},
		{"2002:7f00:1::1", forbidden, "6to4 of loopback"},
		{"2002:c0a8:1::1", forbidden, "6to4 of private"},
		{"2002:a9fe:a9fe::1", forbidden, "6to4 of metadata"},
		{"2001:0:a00:1::f7f7:f7f7", forbidden, "Teredo, server private"},
		{"2001:0:808:808::f5ff:fffe", forbidden, "Teredo, client private"},
		{"2001:0:808:808::80ff:fffe", forbidden, "Teredo, client loopback"},

		{"8.8.8.8", public, ""},
		{"1.1.1.1", public, ""},
		{"9.255.255.255", public, "before private"},
		{"11.0.0.0", public, "behind private"},
		{"100.63.255.255", public, "before shared"},
		{"126.255.255.255", public, "before loopback"},
		{"128.0.0.1", public, "behind loopback"},
		{"172.15.255.255", public, "before private"},
		{"172.32.0.0", public, "behind private"},
		{"192.0.0.9", public, "port control protocol anycast"},
		{"192.0.0.10", public, "TURN anycast"},
		{"192.31.196.1", public, "AS112"},
		{"192.52.193.1", public, "AMT"},
		{"192.175.48.1", public, "AS112"},
		{"223.255.255.255", public, "before multicast"},
		{"2606:4700::1111", public, ""},
		{"2001:1::1", public, "port control protocol anycast"},
		{"2001:1::2", public, "TURN anycast"},
		{"2001:1::3", public, "DNS-SD anycast"},
		{"2001:3::1", public, "AMT"},
		{"2001:4:112::1", public, "AS112"},
		{"2001:20::1", public, "ORCHIDv2"},
		{"2001:30::1", public, "drones"},
		{"2001:200::1", public, "behind protocol assignments"},
		{"2620:4f:8000::1", public, "AS112"},
		{"::ffff:8.8.8.8", public, "mapped public"},
		{"64:ff9b::8.8.8.8", public, "NAT64 of public"},
		{"2002:808:808::1", public, "6to4 of public"},
		{"2001:0:808:808::f7f7:f7f7", public, "Teredo, both public"},

		{"2130706433", invalid, "loopback in decimal"},
		{"0x7f000001", invalid, "loopback in hex"},
		{"0X7F000001", invalid, "loopback in hex"},
		{"017700000001", invalid, "loopback in octal"},
		{"0177.0.0.1", invalid, "loopback, octal part"},
		{"0x7f.0.0.1", invalid, "loopback, hex part"},
		{"0x7f.1", invalid, "loopback, hex, short"},
		{"127.1", invalid, "loopback, short"},
		{"127.0.1", invalid, "loopback, short"},
		{"0", invalid, "this host, short"},
		{"127.0.0.01", invalid, "loopback, leading zero"},
		{"127.0.0.1.", invalid, "loopback with a dot"},
		{"169.254.43518", invalid, "metadata, short"},
		{"0xa9fea9fe", invalid, "metadata in hex"},
		{"①②⑦.⓪.⓪.①", invalid, "loopback in other digits"},
		{"127。0。0。1", invalid, "loopback with other dots"},
		{"127.0.0.1%25lo", invalid, "IPv4 with a zone"},

		{"localhost", forbidden, "hosts file"},
		{"LOCALHOST.", forbidden, "hosts file"},
		{"db.localhost", forbidden, "below localhost"},
	}
}
