// Package limits bounds what one client may have of the proxy: sessions at once,
// and new ones per second. A client is a network, since whoever has one address of
// IPv6 has at least 2^64.
//
//	clients := limits.New(limits.Options{Sessions: 100, Rate: 10, IPv4: 32, IPv6: 64}, time.Now())
//	if v := clients.Enter(addr, time.Now()); v == limits.Counted {
//		defer clients.Leave(addr)
//	}
//
// Only those are remembered that have sessions or had one within the last second.
package limits

import (
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"
)

// DefaultIPv4 and DefaultIPv6 are how many bits of an address make a client.
const (
	DefaultIPv4 = 32
	DefaultIPv6 = 64
)

// Options say what a client may have. The zero value has no limits.
type Options struct {
	// Sessions is the most sessions at once of one client, 0 for any number.
	Sessions int
	// Rate is the most new sessions per second of one client, 0 for any number. As
	// many may come at once.
	Rate int
	// IPv4 and IPv6 are how many leading bits of an address are the client's; 0
	// is all clients together.
	IPv4, IPv6 int
	// Exempt are the networks that have no limits.
	Exempt []netip.Prefix
}

// Limited says whether there is any limit.
func (o *Options) Limited() bool { return o.Sessions > 0 || o.Rate > 0 }

// Validate returns every fault at once, joined.
func (o *Options) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(o.Sessions < 0 || o.Rate < 0, "sessions of a client: %d at once and %d per second: one is negative", o.Sessions, o.Rate)
	fault(o.IPv4 < 0 || o.IPv4 > 32, "a client's prefix: %d bits of an IPv4 address: want 0 to 32", o.IPv4)
	fault(o.IPv6 < 0 || o.IPv6 > 128, "a client's prefix: %d bits of an IPv6 address: want 0 to 128", o.IPv6)
	for _, p := range o.Exempt {
		fault(!p.IsValid(), "a network without limits: %v is none", p)
	}
	return errors.Join(errs...)
}

// Verdict is the answer to a new session.
type Verdict uint8

// The verdicts.
const (
	// Free: it may come and isn't counted: there are no limits for its client.
	Free Verdict = iota
	// Counted: it may come, and Leave must be called when it ends.
	Counted
	// TooMany: its client has as many sessions as it may.
	TooMany
	// TooFast: its client has as many new ones in this second as it may.
	TooFast

	verdicts
)

var verdictNames = [verdicts]string{Free: "free", Counted: "counted", TooMany: "too_many", TooFast: "too_fast"}

// String returns the verdict's name.
func (v Verdict) String() string {
	if v < verdicts {
		return verdictNames[v]
	}
	return "unknown"
}

// Clients counts the sessions of each client. Make it with New. Safe for
// concurrent use; its locks are held for a lookup, and are many.
type Clients struct {
	live   atomic.Pointer[Options] // replaced as a whole
	origin time.Time
	table  table
}

// New returns a Clients without any. The options must be valid; now is from the
// same clock as Enter's.
func New(o Options, now time.Time) *Clients {
	c := &Clients{origin: now}
	c.live.Store(&o)
	c.table.init()
	return c
}

// SetOptions replaces the options, which must be valid, but for the prefixes: those
// who are counted must be found again. Sessions of now that weren't limited aren't
// counted. Any goroutine.
func (c *Clients) SetOptions(o Options) {
	before := c.live.Load()
	o.IPv4, o.IPv6 = before.IPv4, before.IPv6
	c.live.Store(&o)
}

// Enter counts a new session in, if its client may have one more. It allocates
// nothing for a client that is known.
//
// At most MaxClients are known at once. Further ones are Free: who has so many
// networks isn't held back by a limit of each, and others aren't to suffer for it.
func (c *Clients) Enter(client netip.Addr, now time.Time) Verdict {
	o := c.live.Load()
	if !o.Limited() || o.exempt(client) {
		return Free
	}
	return c.table.enter(o.network(client), o, now.Sub(c.origin))
}

// Leave counts a session out that Enter has Counted.
func (c *Clients) Leave(client netip.Addr, now time.Time) {
	c.table.leave(c.live.Load().network(client), now.Sub(c.origin))
}

// Known returns how many clients are remembered.
func (c *Clients) Known() int { return c.table.known() }

func (o *Options) exempt(client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	for _, p := range o.Exempt {
		if p.Contains(client) {
			return true
		}
	}
	return false
}
