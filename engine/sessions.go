package engine

import (
	"cmp"
	"container/heap"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// SessionInfo is what there is to know of a session at one time.
type SessionInfo struct {
	// ID names the session as long as it lasts; no other one has it afterwards. It is
	// SessionFilter's.
	ID string
	// Listener and Protocol are where the client came to.
	Listener, Protocol string
	Client             netip.AddrPort
	// Resource and Endpoint are empty, and Backend isn't valid, until they are known. Those
	// of an HTTP connection are its last request's. A session that may use several backends
	// has none, but those resources it has a connection to, in order.
	Resource, Endpoint string
	Resources          []string
	Backend            netip.AddrPort
	State              State
	// TLS says that the client's leg is encrypted.
	TLS bool
	Age time.Duration
	// FromClient and ToClient are the bytes received from the client, and from backends
	// for it.
	FromClient, ToClient uint64
}

// SessionFilter chooses sessions: those for which everything holds that is set. The
// zero value chooses all.
type SessionFilter struct {
	// IDs are of SessionInfo. One that isn't there any more chooses none.
	IDs []string
	// Names must match as a whole.
	Resource, Protocol, Listener, Endpoint string
	// State is State.String's.
	State string
	// Client is a network.
	Client netip.Prefix
	// MinAge and MaxAge are inclusive; 0 is no bound.
	MinAge, MaxAge time.Duration
}

// Sessions returns the sessions that the filter chooses, the oldest first and not
// more than limit, and how many it chooses in all. It looks at every session, a few
// thousand at a time, which holds up an event loop for about a millisecond each time.
// Sessions may come and go meanwhile. Any goroutine, but not an event loop.
func (e *Engine) Sessions(f SessionFilter, limit int) (oldest []SessionInfo, matching int) {
	c := &collector{chosen: f.compile(), limit: limit}
	e.driver.look(c.take)
	slices.SortFunc(c.oldest, func(a, b SessionInfo) int { return cmp.Or(cmp.Compare(b.Age, a.Age), cmp.Compare(a.ID, b.ID)) })
	return c.oldest, c.matching
}

// CloseSessions ends the sessions that the filter chooses, as ByOperator, and returns
// how many. An established one ends in order, as if its client had said that it sends
// nothing more: what the backend is about to answer arrives yet, for Timeouts.Flush at
// most. Others are refused; an HTTP connection is closed. Any goroutine, but not an event
// loop.
func (e *Engine) CloseSessions(f SessionFilter) int {
	chosen := f.compile()
	return e.driver.end(func(v *sessionView) bool { return chosen.matches(v) }, ByOperator)
}

// sessionView is what a filter goes by, and an info is made of.
type sessionView struct {
	id        sessionID
	listener  *Listener
	route     *resolve.Route // nil until resolved
	backend   *netip.AddrPort
	state     State
	secured   bool
	piped     bool // it is established, and bytes pass both ways
	asking    bool // the client was the last to say something: it may wait for an answer
	age       time.Duration
	all, here moved  // by the session, and at its route
	stays     []stay // at the backends of a session that uses several
}

// sessionID tells sessions apart by what they know of themselves anyway. loop is 0
// for goroutines; started counts from the loop's start, or else from 1970.
type sessionID struct {
	loop    int
	started time.Duration
	client  netip.AddrPort
}

func (id sessionID) String() string {
	return fmt.Sprintf("%d-%s-%s", id.loop, strconv.FormatInt(int64(id.started), 36), id.client)
}

// parseSessionID returns false for what names no session.
func parseSessionID(text string) (id sessionID, ok bool) {
	loop, rest, _ := strings.Cut(text, "-")
	started, client, _ := strings.Cut(rest, "-")
	n, err := strconv.Atoi(loop)
	at, err2 := strconv.ParseInt(started, 36, 64)
	addr, err3 := netip.ParseAddrPort(client)
	return sessionID{n, time.Duration(at), addr}, err == nil && err2 == nil && err3 == nil
}

// info is the view as others may keep it.
func (v *sessionView) info() SessionInfo {
	i := SessionInfo{
		ID: v.id.String(), Listener: v.listener.Name, Protocol: v.listener.Front.Protocol.String(), Client: v.id.client,
		State: v.state, TLS: v.secured, Age: v.age, FromClient: v.all.fromClient, ToClient: v.all.toClient,
	}
	if v.route != nil {
		i.Resource, i.Endpoint = v.route.Resource, v.route.Endpoint
	}
	for _, s := range v.stays {
		i.Resources = append(i.Resources, s.route.Resource)
	}
	slices.Sort(i.Resources)
	if v.backend != nil {
		i.Backend = *v.backend
	}
	return i
}

// chosen is a filter that is quick to ask.
type chosen struct {
	SessionFilter
	ids map[sessionID]bool // nil for any
}

func (f SessionFilter) compile() *chosen {
	c := &chosen{SessionFilter: f}
	if len(f.IDs) > 0 {
		c.ids = make(map[sessionID]bool)
	}
	for _, text := range f.IDs {
		if id, ok := parseSessionID(text); ok {
			c.ids[id] = true
		}
	}
	return c
}

func (c *chosen) matches(v *sessionView) bool {
	switch {
	case c.ids != nil && !c.ids[v.id],
		c.Listener != "" && c.Listener != v.listener.Name,
		c.Protocol != "" && c.Protocol != v.listener.Front.Protocol.String(),
		c.State != "" && c.State != v.state.String(),
		c.Client.IsValid() && !c.Client.Contains(v.id.client.Addr().Unmap().WithZone("")),
		v.age < c.MinAge || c.MaxAge > 0 && v.age > c.MaxAge:
		return false
	case c.Resource == "" && c.Endpoint == "":
		return true
	}
	return c.goes(v.route) || slices.ContainsFunc(v.stays, func(s stay) bool { return c.goes(s.route) })
}

// goes says that a route, nil for none, is to what is looked for.
func (c *chosen) goes(r *resolve.Route) bool {
	return r != nil && (c.Resource == "" || c.Resource == r.Resource) && (c.Endpoint == "" || c.Endpoint == r.Endpoint)
}

// collector keeps the oldest sessions of those that match. It is used by one
// goroutine after the other.
type collector struct {
	*chosen
	limit    int
	oldest   youngestFirst
	matching int
}

func (c *collector) take(v *sessionView) {
	if !c.matches(v) {
		return
	}
	c.matching++
	switch {
	case len(c.oldest) < c.limit:
		heap.Push(&c.oldest, v.info())
	case c.limit > 0 && v.age > c.oldest[0].Age:
		c.oldest[0] = v.info()
		heap.Fix(&c.oldest, 0)
	}
}

// youngestFirst is a heap.
type youngestFirst []SessionInfo

func (h youngestFirst) Len() int           { return len(h) }
func (h youngestFirst) Less(i, j int) bool { return h[i].Age < h[j].Age }
func (h youngestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *youngestFirst) Push(x any) { *h = append(*h, x.(SessionInfo)) }

// Pop implements heap.Interface.
func (h *youngestFirst) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
