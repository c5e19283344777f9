package resolve

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Route is what came of resolving a resource: either where to connect or why
// not. It is immutable and shared by all loops and goroutines; it may be kept
// for as long as it is needed, also after the cache has dropped it.
type Route struct {
	// Request is what the answer is cached by, Protocol and Resource; what
	// belongs to one client only is empty.
	Request
	// Result is the resolver's answer. Valid iff Err is nil.
	Result
	// Addrs are the endpoint's addresses in the order to dial them, at most
	// maxAddrs. The guard has let each of them pass: dial these and nothing
	// else. At least one iff Err is nil, or the State is Cold.
	Addrs []netip.AddrPort
	// Alternatives are the same resource at its further endpoints, each a Route of
	// its own without Alternatives: what is known of an endpoint says nothing of another.
	// Endpoints whose addresses aren't known or aren't permitted are left out.
	Alternatives []*Route
	// addrsUntil is until when DNS says that Addrs and those of Alternatives
	// hold; zero if no endpoint is a name.
	addrsUntil time.Time
	// first is the Result's Endpoint, whether its addresses are known or not.
	first string
	// Err is why the resource has no address; see KindOf.
	Err error
}

// Serves says whether a session at an endpoint, as the resolver writes it, is
// where the answer wants the resource's sessions.
func (r *Route) Serves(endpoint string) bool {
	if r.Err != nil || r.State == Draining {
		return false
	}
	return endpoint == r.Endpoint || endpoint == r.first || slices.Contains(r.Others, endpoint)
}

// SamePlaces says whether both answers want the resource's sessions at the same
// endpoints, and give others the same time to leave.
func (r *Route) SamePlaces(other *Route) bool {
	return r.Drain == other.Drain && (r.State == Draining) == (other.State == Draining) &&
		r.first == other.first && slices.Equal(r.Others, other.Others)
}

// entry is a Route in the caches. Loops and goroutines share it, so that a
// route is dropped everywhere by marking it dead.
type entry struct {
	Route
	// expires is until when the route may be used without asking anew.
	expires time.Time
	// staleUntil is until when a failed refresh may fall back on the route;
	// not after expires if never.
	staleUntil time.Time
	// private says that the resolver forbade any reuse.
	private bool
	// expired is set when the route must not be used without asking anew, whatever
	// expires says.
	expired atomic.Bool
	// dead is set once the shared cache has let go of the entry.
	dead atomic.Bool
	// used is set by lookups and cleared by the search for what to evict.
	used atomic.Bool
	// slot is the entry's index in its ring. Guarded by store.mu.
	slot int
}

// fresh says whether a lookup may answer with e; a nil e isn't.
func (e *entry) fresh(now time.Time) bool {
	return e != nil && !e.dead.Load() && !e.expired.Load() && now.Before(e.expires)
}

// fallback says whether a failed refresh may answer with e; a nil e may not.
func (e *entry) fallback(now time.Time) bool {
	return e != nil && !e.dead.Load() && now.Before(e.staleUntil)
}

// maxResource is the longest resource id that is kept, in bytes. The ids of
// all protocols are shorter; it is there so that clients can't fill the memory
// with long ones.
const maxResource = 1024

// worthKeeping says whether the entry may be of use later.
func (e *entry) worthKeeping(now time.Time) bool {
	return len(e.Resource) <= maxResource && (now.Before(e.expires) || now.Before(e.staleUntil))
}

// touch marks e as used. Loops share the flag's cache line: it is written only
// when it changes.
func (e *entry) touch() {
	if !e.used.Load() {
		e.used.Store(true)
	}
}

// drainsOther says that sessions whose route was old may have to leave; nil, or one
// that is an error, had none.
func (e *entry) drainsOther(old *entry) bool {
	return e.Err == nil && e.Drain != 0 && !e.private && old != nil && old.Err == nil && !e.SamePlaces(&old.Route)
}

// answer returns the route or its error, as Fetch does.
func (e *entry) answer() (*Route, error) {
	if e.Err != nil {
		return nil, e.Err
	}
	return &e.Route, nil
}

// lasting returns the same route with other times.
func (e *entry) lasting(expires, staleUntil time.Time) *entry {
	return &entry{Route: e.Route, expires: expires, staleUntil: staleUntil}
}
