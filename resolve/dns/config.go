package dns

import (
	"bytes"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// config is what resolv.conf(5) says.
type config struct {
	servers  []string // host:port
	attempts int      // rounds over all servers
	timeout  time.Duration
	wire     *dns.ClientConfig // the search list and ndots
}

// Limits of the C library's.
const (
	maxServers  = 3
	maxAttempts = 5
	maxTimeout  = 30 // seconds
)

func clamp(n, most int) int { return min(max(n, 1), most) }

// parseConfig reads resolv.conf. Without a server in it, there is one on this
// host, as for the C library.
func parseConfig(content []byte) *config {
	wire, err := dns.ClientConfigFromReader(bytes.NewReader(content))
	if err != nil { // a line too long for its reader
		wire, _ = dns.ClientConfigFromReader(bytes.NewReader(nil))
	}
	c := &config{attempts: clamp(wire.Attempts, maxAttempts), timeout: time.Duration(clamp(wire.Timeout, maxTimeout)) * time.Second, wire: wire}
	for _, server := range wire.Servers {
		if _, err := netip.ParseAddr(server); err == nil && len(c.servers) < maxServers {
			c.servers = append(c.servers, net.JoinHostPort(server, defaultPort))
		}
	}
	if len(c.servers) == 0 {
		c.servers = []string{net.JoinHostPort("127.0.0.1", defaultPort), net.JoinHostPort("::1", defaultPort)}
	}
	return c
}

// withServers returns c with other servers, if there are any.
func (c *config) withServers(servers []netip.AddrPort) *config {
	if len(servers) == 0 {
		return c
	}
	own := *c
	own.servers = nil
	for _, server := range servers {
		own.servers = append(own.servers, server.String())
	}
	return &own
}

// candidates are the full names to ask for, in order.
func (c *config) candidates(name string) []string { return c.wire.NameList(name) }
