package dns

import (
	"net/netip"
	"strings"
)

// hosts are the addresses of hosts(5), by canonical name.
type hosts map[string][]netip.Addr

// maxHostsLine is how many names of a line are taken.
const maxHostsLine = 64

func parseHosts(content []byte) hosts {
	all := make(hosts)
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:min(len(fields), maxHostsLine)] {
			name = canonical(name)
			all[name] = append(all[name], addr.Unmap())
		}
	}
	return all
}

// find returns what is known of a canonical name without DNS. No server is asked
// for localhost and what is below it (RFC 6761 section 6.3).
func (h hosts) find(name string) []netip.Addr {
	if addrs := h[name]; addrs != nil {
		return addrs
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return nil
}

// canonical is the form of a name that names are compared in.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
