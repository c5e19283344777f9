package dns

import (
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Defaults of Options.
const (
	// DefaultMinTTL keeps a TTL of 0 from asking the servers for every session.
	DefaultMinTTL = time.Second
	// DefaultMaxTTL bounds how long a backend that has moved is looked for at
	// its old place, whatever its zone says.
	DefaultMaxTTL = 5 * time.Minute
	// DefaultNegativeTTL bounds how long a name is held for missing: it may be
	// about to be made.
	DefaultNegativeTTL = 10 * time.Second
	// DefaultStaleFor is that of resolve.CacheOptions.
	DefaultStaleFor = 5 * time.Minute
	// DefaultTimeout is less than that of resolve.CacheOptions, so that who asks
	// is still there for a stale answer.
	DefaultTimeout = 4500 * time.Millisecond
	// DefaultMaxNames takes a few MiB.
	DefaultMaxNames = 1 << 14
)

// Options configures a Resolver. The zero value of each field means its default.
type Options struct {
	// Servers are asked in this order, in place of resolv.conf's; its search
	// list and options hold on. See ParseServer.
	Servers []netip.AddrPort
	// MinTTL and MaxTTL bound how long addresses are used; a negative MinTTL
	// is no bound.
	MinTTL, MaxTTL time.Duration
	// NegativeTTL bounds how long a name is known to have no address; that
	// is the SOA record's affair within it (RFC 2308 section 5).
	NegativeTTL time.Duration
	// StaleFor is how long past their TTL addresses are still given out while
	// no server answers (RFC 8767); negative: not at all. A resolve.Cache counts
	// its own StaleFor from the last of them.
	StaleFor time.Duration
	// Timeout bounds one lookup, over all servers, candidates and attempts.
	Timeout time.Duration
	// MaxNames is the most names kept; the one not asked for longest goes first.
	MaxNames int
	// ResolvConf and Hosts are the system's files, by default those in /etc.
	ResolvConf, Hosts string
}

func (o Options) withDefaults() Options {
	setDefault(&o.MinTTL, DefaultMinTTL)
	setDefault(&o.MaxTTL, DefaultMaxTTL)
	setDefault(&o.NegativeTTL, DefaultNegativeTTL)
	setDefault(&o.StaleFor, DefaultStaleFor)
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.MaxNames, DefaultMaxNames)
	setDefault(&o.ResolvConf, "/etc/resolv.conf")
	setDefault(&o.Hosts, "/etc/hosts")
	return o
}

func setDefault[T comparable](at *T, standard T) {
	var zero T
	if *at == zero {
		*at = standard
	}
}

// positive bounds the TTL of addresses. What it returns is negative if they
// mustn't be kept.
func (o *Options) positive(ttl time.Duration) time.Duration {
	ttl = min(max(ttl, o.MinTTL), o.MaxTTL)
	if ttl <= 0 {
		return -1
	}
	return ttl
}

// negative bounds the TTL of there being no address.
func (o *Options) negative(ttl time.Duration) time.Duration {
	return min(o.positive(ttl), o.NegativeTTL)
}

// defaultPort is DNS's.
const defaultPort = "53"

// ParseServer reads a name server's address: an IP address, or one with a port
// behind it (10.0.0.2:5353, [::1]:53).
func ParseServer(text string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.ParseAddrPort(net.JoinHostPort(addr.String(), defaultPort))
	}
	server, err := netip.ParseAddrPort(text)
	if err != nil || server.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is neither an IP address nor one with a port", text)
	}
	return server, nil
}
