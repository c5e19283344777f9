package dns

import (
	"math"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// maxTTL is what RFC 2181 section 8 allows a TTL to be.
const maxTTL = math.MaxInt32 * time.Second

// maxRecords is how many addresses of one family are taken: more than are ever
// dialled.
const maxRecords = 16

// chain follows the aliases of a name to its addresses, through one message or
// several.
type chain struct {
	name   string // to go on from, fully qualified
	family uint16
	links  int
	ttl    time.Duration // the least of all links'
}

// read goes on in a message that answers the question for c.name. It is not done
// if the message ends with an alias and says nothing of what that stands for.
func (c *chain) read(m *dns.Msg) (f finding, done bool) {
	followed := false
	for {
		if addrs := c.addresses(m); addrs != nil {
			return finding{verdict: found, addrs: addrs, ttl: c.ttl}, true
		}
		if !c.follow(m) {
			break
		}
		followed = true
		if c.links > maxLinks {
			return finding{verdict: failed, err: errChain}, true
		}
	}
	ttl, final := negativeTTL(m)
	switch {
	case m.Rcode == dns.RcodeNameError:
		return finding{verdict: noName, ttl: min(ttl, c.ttl)}, true
	case followed && !final:
		return finding{}, false
	}
	return finding{verdict: noData, ttl: min(ttl, c.ttl)}, true
}

// addresses returns those of c.name, nil if there are none.
func (c *chain) addresses(m *dns.Msg) []netip.Addr {
	var addrs []netip.Addr
	for _, record := range m.Answer {
		addr, ok := c.address(record)
		if !ok || len(addrs) == maxRecords {
			continue
		}
		addrs = append(addrs, addr)
		c.ttl = min(c.ttl, seconds(record.Header().Ttl))
	}
	return addrs
}

func (c *chain) address(record dns.RR) (netip.Addr, bool) {
	if canonical(record.Header().Name) != canonical(c.name) || record.Header().Class != dns.ClassINET {
		return netip.Addr{}, false
	}
	var ip net.IP
	switch record := record.(type) {
	case *dns.A:
		ip = record.A
	case *dns.AAAA:
		ip = record.AAAA
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok && record.Header().Rrtype == c.family
}

// follow goes to what c.name is an alias of, if it is one.
func (c *chain) follow(m *dns.Msg) bool {
	for _, record := range m.Answer {
		alias, ok := record.(*dns.CNAME)
		if ok && canonical(alias.Hdr.Name) == canonical(c.name) {
			c.name = alias.Target
			c.links++
			c.ttl = min(c.ttl, seconds(alias.Hdr.Ttl))
			return true
		}
	}
	return false
}

// negativeTTL is how long it holds that there are no records (RFC 2308 section
// 5), 0 if the message doesn't say, which is what final is about.
func negativeTTL(m *dns.Msg) (ttl time.Duration, final bool) {
	for _, record := range m.Ns {
		if soa, ok := record.(*dns.SOA); ok {
			return min(seconds(soa.Hdr.Ttl), seconds(soa.Minttl)), true
		}
	}
	return 0, false
}

// seconds is a record's TTL; one with the highest bit set counts as 0 (RFC 2181
// section 8).
func seconds(ttl uint32) time.Duration {
	if ttl > math.MaxInt32 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}
