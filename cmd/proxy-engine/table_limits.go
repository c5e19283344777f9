package main

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
)

// clientRows are the limits of single clients.
func clientRows(s *settings) []*setting {
	o := &s.engine.Limits
	return []*setting{
		{flag: "max-sessions-per-client", meta: "N", value: count(&o.Sessions),
			usage: "The most sessions of one client's address at once (of HTTP: connections); further ones are refused in their protocol. 0 is no limit."},
		{flag: "session-rate-per-client", meta: "N", value: count(&o.Rate),
			usage: "The most new sessions of one client's address per second, likewise. As many may come at once."},
		{flag: "client-prefix", fixed: true, meta: "BITS,BITS", value: scalar[prefixBits]{&s.clientPrefix, parsePrefixBits, prefixBits.String},
			usage: "How many leading bits of an IPv4 and of an IPv6 address stand for one client."},
		{flag: "limit-exempt", meta: "RANGE", value: list[netip.Prefix]{&o.Exempt, parsePrefix, netip.Prefix.String},
			usage: "Clients without these limits, such as a load balancer that checks this proxy. Repeatable."},
	}
}

// proxyProtocolRows are the settings of the PROXY protocol, from proxies before
// this one and to backends.
func proxyProtocolRows(s *settings) []*setting {
	return []*setting{
		{flag: "proxy-protocol-from", env: "PROXY_PROTOCOL_FROM", meta: "RANGE",
			value: list[netip.Prefix]{&s.engine.ProxyProtocolFrom, parsePrefix, netip.Prefix.String},
			usage: "Load balancers of yours that begin every connection with a PROXY protocol header, v1 or v2: they must, and nobody else may. " +
				"The address it names is the client's from then on. Repeatable."},
		{flag: "backend-proxy-protocol", meta: "VERSION", choices: []string{"none", "v1", "v2"},
			value: scalar[proxyheader.Version]{&s.backendHeader, proxyheader.ParseVersion, proxyheader.Version.String},
			usage: "Tell backends of the client's address by a PROXY protocol header: none, v1 or v2. What holds for one listener only stands behind it: " +
				"ADDR?backend-proxy-protocol=VERSION; a route's metadata may say otherwise: proxy-protocol. " +
				"Connections to HTTP backends then serve one request each."},
	}
}

// prefixBits are how many leading bits of an address stand for one client.
type prefixBits struct{ ipv4, ipv6 int }

func parsePrefixBits(text string) (prefixBits, error) {
	four, six, two := strings.Cut(text, ",")
	ipv4, err4 := strconv.ParseUint(strings.TrimSpace(four), 10, 8)
	ipv6, err6 := strconv.ParseUint(strings.TrimSpace(six), 10, 8)
	if !two || err4 != nil || err6 != nil || ipv4 > 32 || ipv6 > 128 {
		return prefixBits{}, errors.New("want bits of IPv4 (0 to 32) and of IPv6 (0 to 128), such as 32,64")
	}
	return prefixBits{int(ipv4), int(ipv6)}, nil
}

// String returns a text that parsePrefixBits takes.
func (p prefixBits) String() string { return strconv.Itoa(p.ipv4) + "," + strconv.Itoa(p.ipv6) }

// mailHeader is how SMTP's backends are told of the client's address: in SMTP's
// words, by a header that the engine sends, or as all backends are.
type mailHeader struct {
	words  smtp.ClientHeader
	header proxyheader.Version
}

// headerPrefix stands before a version of the PROXY protocol.
const headerPrefix = "proxy-"

func parseMailHeader(text string) (h mailHeader, err error) {
	if version, is := strings.CutPrefix(text, headerPrefix); is {
		h.header, err = proxyheader.ParseVersion(version)
	} else {
		err = h.words.UnmarshalText([]byte(text))
	}
	if err != nil || text == headerPrefix+proxyheader.None.String() {
		return mailHeader{}, errors.New("want none, proxy-v1, proxy-v2 or xclient")
	}
	return h, nil
}

// String returns a text that parseMailHeader takes.
func (h mailHeader) String() string {
	if h.header != proxyheader.None {
		return headerPrefix + h.header.String()
	}
	return h.words.String()
}
