package limits

import (
	"encoding/binary"
	"net/netip"
)

// network is a client: the leading bits of its address as IPv6, the rest 0.
// Mapped IPv4 has a range of its own there.
type network struct{ high, low uint64 }

// mappedBits are what stands before an IPv4 address that is mapped into IPv6.
const mappedBits = 96

func (o *Options) network(client netip.Addr) network {
	bits := o.IPv6
	if client.Is4() || client.Is4In6() {
		bits = mappedBits + o.IPv4
	}
	all := client.As16()
	return network{
		high: binary.BigEndian.Uint64(all[:8]) & leading(bits),
		low:  binary.BigEndian.Uint64(all[8:]) & leading(bits-64),
	}
}

// leading is a mask of the first bits, none if there are fewer than 0 and all if
// there are more than 64.
func leading(bits int) uint64 {
	return ^(^uint64(0) >> min(max(bits, 0), 64))
}
