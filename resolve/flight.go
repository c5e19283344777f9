package resolve

import (
	"context"
	"runtime/debug"
	"time"
)

// flight is one run of the resolver for one resource, with everyone who waits
// for it. It runs on a goroutine of its own and outlives any single waiter,
// not all of them.
type flight struct {
	resource string
	// ctx has the values of the first waiter's context, not its end.
	ctx    context.Context
	cancel context.CancelFunc
	// done is closed once entry is set.
	done  chan struct{}
	entry *entry
	// old is the entry that has expired, nil if there was none.
	old *entry
	// waiters is guarded by store.mu.
	waiters int
}

// newFlight returns a flight with one waiter. It must be run, or cancelled.
func newFlight(ctx context.Context, resource string, old *entry) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &flight{
		resource: resource,
		ctx:      ctx,
		cancel:   cancel,
		done:     make(chan struct{}),
		old:      old,
		waiters:  1,
	}
}

// fly runs f on a goroutine of its own.
func (c *Cache) fly(s *store, f *flight, req Request) {
	defer f.cancel()
	e := c.resolve(f.ctx, req)
	now := time.Now()
	abandoned := f.ctx.Err() != nil
	if !abandoned && e.Err != nil && mayServeStale(e.Err) && f.old.fallback(now) {
		c.stale.Add(1)
		if c.staleLog.allow(now) {
			c.o().Logger.Warn("resolving failed, the old route serves on",
				"protocol", req.Protocol, "resource", req.Resource, "error", e.Err)
		}
		e = c.prolong(f.old, now)
	}
	s.land(f, e, now)
	if e.drainsOther(f.old) {
		c.tell(req.Resource)
	}
}

// mayServeStale says which errors mean that the answer isn't known, as opposed
// to those that are the answer.
func mayServeStale(err error) bool {
	k := KindOf(err)
	return (k == Unavailable || k == Timeout || k == Internal) && !noAddress(err)
}

// resolve asks the resolver, finds the addresses and dates the outcome.
func (c *Cache) resolve(ctx context.Context, req Request) *entry {
	c.asked.Add(1)
	e := &entry{Route: Route{Request: Request{Protocol: req.Protocol, Resource: req.Resource}}}
	res, err := c.ask(ctx, req)
	if err == nil {
		e.Result = res
		err = c.locate(ctx, &e.Route)
	}
	if err != nil {
		c.failed.Add(1)
		e.Result, e.Err = Result{}, err
		c.dateError(e, res.TTL)
		return e
	}
	c.dateRoute(e)
	return e
}

// ask calls the resolver, within its time, and turns a panic into an error.
func (c *Cache) ask(ctx context.Context, req Request) (res Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = Result{}, Errorf(Internal, "the resolver panicked: %v", p)
			if c.panicLog.allow(time.Now()) {
				c.o().Logger.Error("the resolver panicked", "error", err, "stack", string(debug.Stack()))
			}
		}
	}()
	from := c.enter()
	defer from.leave()
	ctx, cancel := context.WithTimeout(ctx, from.Timeout)
	defer cancel()
	return from.resolver.Resolve(ctx, req)
}
