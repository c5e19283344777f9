package main

import (
	"errors"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/dns"
)

// nameSource says who looks up the names of backends.
type nameSource uint8

const (
	// ownDNS: package resolve/dns, which knows how long addresses hold.
	ownDNS nameSource = iota
	// systemDNS: what Go makes of the system, which doesn't.
	systemDNS
)

// String returns the name as parseNameSource takes it.
func (n nameSource) String() string { return [...]string{ownDNS: "own", systemDNS: "system"}[n] }

func parseNameSource(text string) (nameSource, error) {
	switch text {
	case "own":
		return ownDNS, nil
	case "system":
		return systemDNS, nil
	}
	return ownDNS, errors.New("want own or system")
}

// dnsRows are the settings of how backends' names are looked up.
func dnsRows(s *settings) []*setting {
	o := &s.dns
	return []*setting{
		{flag: "dns", meta: "WHO", choices: []string{"own", "system"}, value: scalar[nameSource]{&s.names, parseNameSource, nameSource.String},
			usage: "Who looks up the names of backends: own (resolv.conf and hosts are honoured, addresses are used for as long as their TTL says) " +
				"or system (Go's resolver or the C library's, which tell no TTL: addresses are used for 30 s)."},
		{flag: "dns-server", meta: "ADDR", value: list[netip.AddrPort]{&o.Servers, dns.ParseServer, netip.AddrPort.String},
			auto:  "those of /etc/resolv.conf",
			usage: "A name server's IP address, with a port if it isn't 53. Repeatable: the next is asked when one fails."},
		{flag: "dns-min-ttl", meta: "TIME", value: duration(&o.MinTTL),
			usage: "The least time an answer of DNS is used, whatever its TTL; with 0 a TTL of 0 asks for every session."},
		{flag: "dns-max-ttl", meta: "TIME", value: someTime(&o.MaxTTL),
			usage: "The most time an address is used without asking again, whatever its TTL."},
		{flag: "dns-negative-ttl", meta: "TIME", value: duration(&o.NegativeTTL),
			usage: "The most time a name is held for missing, whatever its zone says; 0 asks anew."},
	}
}

// lookup returns how names are looked up. Every listener's cache shares it.
func (s *settings) lookup(f *findings) resolve.LookupFunc {
	if s.names == systemDNS {
		if len(s.dns.Servers) > 0 {
			f.warnf("--dns-server has no effect: --dns=system asks the system's")
		}
		return resolve.SystemLookup
	}
	if s.dns.MinTTL > s.dns.MaxTTL {
		f.faultf("--dns-min-ttl %s is more than --dns-max-ttl %s", formatDuration(s.dns.MinTTL), formatDuration(s.dns.MaxTTL))
	}
	return dns.New(s.dnsOptions()).Lookup
}

// dnsOptions completes the options. A time of 0 is its default there, what we
// mean by it is a negative one.
func (s *settings) dnsOptions() dns.Options {
	o, cache := s.dns, &s.engine.Cache
	// A little less than the cache waits: there may be a stale answer to give.
	o.Timeout = cache.Timeout - cache.Timeout/10
	o.StaleFor = cache.StaleFor
	for _, d := range []*time.Duration{&o.MinTTL, &o.NegativeTTL, &o.StaleFor} {
		if *d == 0 {
			*d = -1
		}
	}
	return o
}
