package loadtest

import "net/netip"

// sourceAddresses is how many source addresses are used in turn. Each has its
// own ~28,000 ports towards one target (net.ipv4.ip_local_port_range), and the
// ports of closed connections rest for a minute (TIME_WAIT): 250 addresses
// allow 7 million connections a minute.
const sourceAddresses = 250

// sources hands out source addresses on loopback, 127.1.0.1 to 127.1.0.250 in
// turn, so that local ports don't run out. For other targets it hands out none,
// and the kernel chooses.
type sources struct{ next int }

// newSources has the loops begin at different addresses.
func newSources(number int) sources { return sources{next: number * 100 % sourceAddresses} }

func (s *sources) take(target netip.Addr) netip.Addr {
	if !target.Is4() || !target.IsLoopback() {
		return netip.Addr{}
	}
	s.next = s.next%sourceAddresses + 1
	return netip.AddrFrom4([4]byte{127, 1, 0, byte(s.next)})
}
