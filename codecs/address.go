package codecs

// Address is one end of a TCP connection, for codecs that hand it on (SMTP's
// XCLIENT). Codecs import nothing of package net; a
// driver fills it from a netip.AddrPort's Addr().As16() and Port().
type Address struct {
	// IP is an IPv6 address, or an IPv4 address mapped into one
	// (::ffff:192.0.2.1). All zero when the address isn't known.
	IP [16]byte
	// Port is the TCP port.
	Port uint16
}

// Known says whether there is an address.
func (a Address) Known() bool { return a.IP != [16]byte{} }

// IP4 returns the IPv4 address, and false if it is none.
func (a Address) IP4() ([4]byte, bool) {
	mapped := [12]byte{10: 0xff, 11: 0xff}
	return [4]byte(a.IP[12:]), [12]byte(a.IP[:12]) == mapped
}
