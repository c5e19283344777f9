package resolve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
)

// group is what all resolvers made of others have in common: whatever isn't about
// one answer goes to all of them, each once, however often it is among the members.
type group struct{ members []Resolver }

var (
	_ Notifier      = group{}
	_ Doubter       = group{}
	_ Purger        = group{}
	_ StatsReporter = group{}
	_ io.Closer     = group{}
)

// leaves returns the resolvers that aren't groups themselves, each once.
func (g group) leaves() []Resolver {
	var all []Resolver
	for _, r := range g.members {
		found := []Resolver{r}
		if inner, ok := r.(interface{ leaves() []Resolver }); ok {
			found = inner.leaves()
		}
		for _, leaf := range found {
			if !slices.ContainsFunc(all, func(known Resolver) bool { return same(known, leaf) }) {
				all = append(all, leaf)
			}
		}
	}
	return all
}

// same compares resolvers of any type, also of one that can't be compared.
func same(a, b Resolver) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// Notify implements Notifier: what any of them tells is told.
func (g group) Notify(changed func(resource string)) {
	for _, r := range g.leaves() {
		if n, ok := r.(Notifier); ok {
			n.Notify(changed)
		}
	}
}

// NotifyDoubt implements Doubter.
func (g group) NotifyDoubt(doubt func()) {
	for _, r := range g.leaves() {
		if d, ok := r.(Doubter); ok {
			d.NotifyDoubt(doubt)
		}
	}
}

// Purge implements Purger.
func (g group) Purge(resource string) {
	for _, r := range g.leaves() {
		if p, ok := r.(Purger); ok {
			p.Purge(resource)
		}
	}
}

// Stats implements StatsReporter. The figures of the second one that has any have
// "_2" behind their names, and so on.
func (g group) Stats() map[string]any {
	all := make(map[string]any)
	reporters := 0
	for _, r := range g.leaves() {
		reporter, ok := r.(StatsReporter)
		if !ok {
			continue
		}
		reporters++
		if reporters == 1 {
			maps.Copy(all, reporter.Stats())
			continue
		}
		for name, figure := range reporter.Stats() {
			all[fmt.Sprintf("%s_%d", name, reporters)] = figure
		}
	}
	return all
}

// Close implements io.Closer. All are closed, whatever goes wrong.
func (g group) Close() error {
	var errs []error
	for _, r := range g.leaves() {
		if c, ok := r.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// router is a group that knows whose an answer is.
type router interface {
	Resolver
	Waker
	Notifier
	Doubter
	Purger
	StatsReporter
	io.Closer
	leaves() []Resolver
	// answerer returns the member that gave an answer, and the answer as that
	// member gave it; nil if none is known to have.
	answerer(req Request, res Result) (Resolver, Result)
}

// withTracking makes r a Tracker if one of its members is: the engine spares
// itself the notifications otherwise.
func withTracking(r router) Resolver {
	for _, leaf := range r.leaves() {
		if _, ok := leaf.(Tracker); ok {
			return tracked{r}
		}
	}
	return r
}

// wakeBy has the member wake that gave the answer; one that isn't a Waker has no
// way to, as if it stood alone.
func wakeBy(ctx context.Context, r router, req Request, res Result) error {
	member, own := r.answerer(req, res)
	if w, ok := member.(Waker); ok {
		return w.Wake(ctx, req, own)
	}
	return nil
}

// tracked tells the member that gave an answer about its sessions.
type tracked struct{ router }

var _ Tracker = tracked{}

// OnConnect implements Tracker.
func (t tracked) OnConnect(req Request, res Result) {
	member, own := t.answerer(req, res)
	if to, ok := member.(Tracker); ok {
		to.OnConnect(req, own)
	}
}

// Track implements Tracker.
func (t tracked) Track(req Request, res Result, fromClient, toClient uint64) {
	member, own := t.answerer(req, res)
	if to, ok := member.(Tracker); ok {
		to.Track(req, own, fromClient, toClient)
	}
}

// OnDisconnect implements Tracker.
func (t tracked) OnDisconnect(req Request, res Result, fromClient, toClient uint64) {
	member, own := t.answerer(req, res)
	if to, ok := member.(Tracker); ok {
		to.OnDisconnect(req, own, fromClient, toClient)
	}
}
