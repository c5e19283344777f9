package resolve

import (
	"errors"
	"time"
)

// maxNamedTTL is how long the addresses of a name are used if the lookup didn't
// tell their TTL, as net.Resolver doesn't.
const maxNamedTTL = 30 * time.Second

// maxColdTTL is how long a resource is held for cold: it may be woken by others.
const maxColdTTL = time.Second

func (c *Cache) dateRoute(e *entry) {
	ttl := orDefault(e.TTL, c.o().TTL)
	if e.State == Cold {
		ttl = min(ttl, maxColdTTL)
	}
	e.private = e.TTL < 0
	if ttl <= 0 {
		return
	}
	e.expires = earlier(e.addrsUntil, time.Now().Add(ttl))
	e.staleUntil = e.expires.Add(c.o().StaleFor)
}

// dateError takes the TTL of the error, or else of the answer whose endpoint
// turned out to be of no use: what forbids the reuse of one forbids that of
// the other. It isn't held for longer than what DNS said of the endpoint's name.
func (c *Cache) dateError(e *entry, answerTTL time.Duration) {
	own := errorTTL(e.Err)
	e.private = own < 0 || answerTTL < 0
	if e.private {
		return
	}
	e.expires = earlier(e.addrsUntil, time.Now().Add(orDefault(own, c.o().NegativeTTL)))
}

func errorTTL(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.TTL
	}
	return 0
}

// prolong returns old, to be used until the resolver is to be tried again.
func (c *Cache) prolong(old *entry, now time.Time) *entry {
	retry := now.Add(max(0, c.o().NegativeTTL))
	if retry.After(old.staleUntil) {
		retry = old.staleUntil
	}
	return old.lasting(retry, old.staleUntil)
}
