package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// ResourceState is how a resource stands, as far as that is known without asking.
type ResourceState uint8

// The states of a resource: the first that holds, from the last of these on.
const (
	// ResourceUnknown: nobody has asked for it of late, or it isn't to be had.
	ResourceUnknown ResourceState = iota
	// ResourceReady, ResourceCold and ResourceDraining are the resolver's last word.
	ResourceReady
	ResourceCold
	ResourceDraining
	// ResourceStarting: a cold start is under way.
	ResourceStarting
	// ResourceClosed: an operator has blocked it (Engine.Block); it is called blocked. The
	// sessions that are refused end with the Reason ResourceBlocked.
	ResourceClosed

	resourceStates
)

var resourceStateNames = [resourceStates]string{
	ResourceUnknown: "unknown", ResourceReady: "ready", ResourceCold: "cold", ResourceDraining: "draining",
	ResourceStarting: "starting", ResourceClosed: "blocked",
}

// String returns the state's name.
func (s ResourceState) String() string {
	if s < resourceStates {
		return resourceStateNames[s]
	}
	return "unknown"
}

// ResourceStates returns every state, for tables and tests.
func ResourceStates() []ResourceState {
	all := make([]ResourceState, resourceStates)
	for i := range all {
		all[i] = ResourceState(i)
	}
	return all
}

// ResourceOrder is what comes first in a list of resources.
type ResourceOrder uint8

// The orders. What is equal is in the order of the names.
const (
	// BySessions: those with the most sessions.
	BySessions ResourceOrder = iota
	// ByName: in the order of their names.
	ByName
	// ByTraffic: those with the most bytes, both ways.
	ByTraffic
	// ByActivity: those where a session came or went last.
	ByActivity

	resourceOrders
)

var resourceOrderNames = [resourceOrders]string{BySessions: "sessions", ByName: "name", ByTraffic: "traffic", ByActivity: "activity"}

// ParseResourceOrder takes sessions, name, traffic or activity; "" is BySessions.
func ParseResourceOrder(s string) (ResourceOrder, error) {
	for o, name := range resourceOrderNames {
		if s == name {
			return ResourceOrder(o), nil
		}
	}
	if s == "" {
		return BySessions, nil
	}
	return 0, fmt.Errorf("unknown order %q: want %s", s, strings.Join(resourceOrderNames[:], ", "))
}

// ResourceFilter chooses resources: those for which everything holds that is set. The
// zero value chooses all.
type ResourceFilter struct {
	// Name is part of the name.
	Name string
	// Protocol and State must match as a whole; State is ResourceState.String's.
	Protocol, State string
	Order           ResourceOrder
}

// ResourceStats is what there is to know of a resource without asking the resolver.
type ResourceStats struct {
	upstream.ResourceStats
	State ResourceState
	// Waiting is how many clients wait for a cold start.
	Waiting int
	// Endpoints are those of the cached route, if there is one.
	Endpoints []string
}

// Endpoints are the figures of all endpoints, in no order, with the bytes of sessions that
// are still there. It looks at every session, as Sessions does. Any goroutine, but not an
// event loop.
func (e *Engine) Endpoints() []upstream.EndpointStats {
	all := e.endpoints.Stats()
	e.lasting().addTo(all, nil)
	return all
}

// Traffic are the figures of all endpoints and resources, in no order, with the bytes of
// sessions that are still there. It looks at every session, as Sessions does. Any
// goroutine, but not an event loop.
func (e *Engine) Traffic() (endpoints []upstream.EndpointStats, resources []upstream.ResourceStats) {
	endpoints, resources = e.endpoints.Stats(), e.resources.Stats()
	e.lasting().addTo(endpoints, resources)
	return endpoints, resources
}

// Resources returns the resources that the filter chooses of those that have sessions,
// had some not too long ago, are blocked, or are being started: in its order, and not
// more than limit, with the bytes of sessions that are still there. It looks at every
// session, as Sessions does. Any goroutine, but not an event loop, between Start and Shutdown.
func (e *Engine) Resources(f ResourceFilter, limit int) []ResourceStats {
	all := []ResourceStats{}
	for _, one := range e.knownResources(f) {
		if len(all) >= limit {
			break
		}
		if r := e.resourceStats(one); f.State == "" || f.State == r.State.String() {
			all = append(all, r)
		}
	}
	return all
}

// knownResources has everything of the filter but the state.
func (e *Engine) knownResources(f ResourceFilter) []upstream.ResourceStats {
	all := e.withStarts(e.resources.Stats())
	e.lasting().addTo(nil, all)
	all = slices.DeleteFunc(all, func(r upstream.ResourceStats) bool {
		return f.Protocol != "" && f.Protocol != r.Protocol || !strings.Contains(r.Name, f.Name)
	})
	slices.SortFunc(all, f.Order.compare)
	return all
}

// withStarts adds the resources that are being started for the first time: as long as
// they are, they have no sessions.
func (e *Engine) withStarts(all []upstream.ResourceStats) []upstream.ResourceStats {
	starts := e.starter.Stats().UnderWay
	if len(starts) == 0 {
		return all
	}
	known := make(map[place]struct{}, len(all))
	for _, r := range all {
		known[place{r.Protocol, r.Name}] = struct{}{}
	}
	for _, s := range starts {
		if _, is := known[place{s.Protocol, s.Resource}]; !is {
			all = append(all, upstream.ResourceStats{Protocol: s.Protocol, Name: s.Resource})
		}
	}
	return all
}

func (o ResourceOrder) compare(a, b upstream.ResourceStats) int {
	first := 0
	switch o {
	case BySessions:
		first = cmp.Compare(b.Sessions, a.Sessions)
	case ByTraffic:
		first = cmp.Compare(b.FromClient+b.ToClient, a.FromClient+a.ToClient)
	case ByActivity:
		first = b.LastActivity.Compare(a.LastActivity)
	}
	return cmp.Or(first, cmp.Compare(a.Name, b.Name), cmp.Compare(a.Protocol, b.Protocol))
}

func (e *Engine) resourceStats(r upstream.ResourceStats) ResourceStats {
	route := e.cache.Peek(r.Protocol, r.Name)
	start, starting := e.starter.Find(r.Protocol, r.Name)
	return ResourceStats{
		ResourceStats: r, State: resourceState(r.Blocked, starting, start, route),
		Waiting: start.Waiting, Endpoints: endpointsOf(route),
	}
}

// resourceState judges by what is known. A start whose clients are being let in is over.
func resourceState(blocked, starting bool, start coldstart.Start, route *resolve.Route) ResourceState {
	switch {
	case blocked:
		return ResourceClosed
	case starting && start.Phase != coldstart.Admitting:
		return ResourceStarting
	case route == nil || route.Err != nil:
		return ResourceUnknown
	case route.State == resolve.Draining:
		return ResourceDraining
	case route.State == resolve.Cold:
		return ResourceCold
	}
	return ResourceReady
}

// endpointsOf are a route's, in its order; none of nil.
func endpointsOf(route *resolve.Route) []string {
	if route == nil || route.Err != nil {
		return nil
	}
	all := []string{route.Endpoint}
	for _, other := range route.Alternatives {
		all = append(all, other.Endpoint)
	}
	return all
}
