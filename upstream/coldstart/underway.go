package coldstart

import (
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Start is a snapshot of a start under way.
type Start struct {
	// Protocol and Resource are what is started.
	Protocol, Resource string
	Phase              Phase
	// Waiting is how many clients wait for it.
	Waiting int
	// Since is when it was begun.
	Since time.Time
}

// maxUnderWay bounds Stats.UnderWay.
const maxUnderWay = 100

// underWay are the starts of now, in no order.
func (s *Starter) underWay() []Start {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Start, 0, s.running)
	for _, st := range s.starts {
		if st.underWay() {
			all = append(all, st.snapshot())
		}
	}
	return all
}

// longest are those that have been under way the longest.
func longest(all []Start) []Start {
	slices.SortFunc(all, func(a, b Start) int { return a.Since.Compare(b.Since) })
	return all[:min(len(all), maxUnderWay)]
}

// Find returns the start of a resource, if one is under way.
func (s *Starter) Find(protocol, resource string) (Start, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.starts[key{protocol, resource}]
	if st == nil || !st.underWay() {
		return Start{}, false
	}
	return st.snapshot(), true
}

// underWay says that somebody waits for the start, or is yet to be told of its end.
func (st *start) underWay() bool { return st.phase != settling || st.queue.n > 0 }

func (st *start) snapshot() Start {
	return Start{st.key.protocol, st.key.resource, min(st.phase, Admitting), st.queue.n, st.begun}
}

// Refuse tells everybody who waits for the resource that it can't be had, for err, and
// returns how many were told. Their Done is called on the caller's goroutine.
func (s *Starter) Refuse(protocol, resource string, err error) int {
	refused := s.takeAll(key{protocol, resource})
	route := &resolve.Route{Request: resolve.Request{Protocol: protocol, Resource: resource}, Err: err}
	for _, w := range refused {
		w.Done(route, nil)
	}
	return len(refused)
}

// takeAll takes out everybody who waits for a start, and ends it.
func (s *Starter) takeAll(k key) (all []*Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.starts[k]
	if st == nil {
		return nil
	}
	for st.queue.n > 0 {
		all = append(all, st.queue.head)
		st.remove(st.queue.head)
	}
	s.forsake(st)
	return all
}
