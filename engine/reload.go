package engine

import (
	"errors"
	"slices"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// ErrDraining is what Reload says when the engine is about to end.
var ErrDraining = errors.New("draining: nothing is changed any more")

// Reload takes another configuration over while sessions go on; they keep the listener
// they began with, and go by the new deadlines and limits from their next state on. The
// error has every fault of it, or says which listener can't be opened, and nothing is
// changed then.
//
// What can't change while the engine runs stays as it is: Impl, EventLoops,
// ReadBuffer, Sockets, Logger, Cache.MaxEntries, the numbers of TLS handshakes, of checks at once
// and of addresses' bits that make a client. waiting names those that differ. The options of listening
// sockets hold for new ones.
//
// With another Resolver everything cached is forgotten. Reload returns when the
// former one isn't asked any more: it may be closed then. Sessions that have begun by
// it are told of to the new one, if that is a Tracker. Any goroutine.
func (e *Engine) Reload(next Config) (waiting []string, err error) {
	e.listening.Lock()
	defer e.listening.Unlock()
	if e.draining.Load() {
		return nil, ErrDraining
	}
	before := e.cfg()
	waiting = next.keepFixed(before)
	if err := next.Validate(); err != nil {
		return nil, err
	}
	e.counters.count(next.Listeners) // which new ports take along
	l, err := e.driver.listen(&next, nil)
	if err != nil {
		return nil, err
	}
	e.live.Store(&next)
	e.addrs.Store(&l.addrs)
	l.commit()
	e.apply(before, &next)
	return waiting, nil
}

// apply has those parts follow that don't read the configuration themselves.
func (e *Engine) apply(before, next *Config) {
	e.clients.SetOptions(next.Limits)
	e.endpoints.SetOptions(next.Upstream)
	e.starter.SetOptions(next.ColdStart)
	e.driver.configure()
	e.cache.Replace(next.Resolver, next.Cache)
	if next.SessionLog != before.SessionLog {
		e.log.choose(next.SessionLog) // else what SetSessionLog said stands
	}
	if !resolve.Same(before.Resolver, next.Resolver) {
		e.tracking.Swap(startTracker(next.Resolver, &e.counters)).stop()
	}
}

// keepFixed puts back what can't change while an engine runs, and returns the names
// of what would have.
func (c *Config) keepFixed(before *Config) (changed []string) {
	keepAs := func(name string, differs bool) {
		if differs {
			changed = append(changed, name)
		}
	}
	keepAs("implementation", c.Impl != before.Impl)
	keepAs("event loops", c.EventLoops != before.EventLoops)
	keepAs("read buffer", c.ReadBuffer != before.ReadBuffer)
	keepAs("cached routes", c.Cache.MaxEntries != before.Cache.MaxEntries)
	keepAs("TLS handshakes", c.TLS.Handshakes != before.TLS.Handshakes || c.TLS.Computing != before.TLS.Computing)
	keepAs("checks at once", c.Upstream.Health.Concurrency != before.Upstream.Health.Concurrency)
	keepAs("a client's prefix", c.Limits.IPv4 != before.Limits.IPv4 || c.Limits.IPv6 != before.Limits.IPv6)
	c.Impl, c.EventLoops, c.ReadBuffer, c.Logger, c.Sockets = before.Impl, before.EventLoops, before.ReadBuffer, before.Logger, nil
	c.LogDropped = before.LogDropped
	c.Cache.MaxEntries = before.Cache.MaxEntries
	c.TLS.Handshakes, c.TLS.Computing = before.TLS.Handshakes, before.TLS.Computing
	c.Upstream.Health.Concurrency = before.Upstream.Health.Concurrency
	c.Limits.IPv4, c.Limits.IPv6 = before.Limits.IPv4, before.Limits.IPv6
	slices.Sort(changed)
	return changed
}
