package engine

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// newStarter makes the engine's Starter, from its caches and endpoints.
func (e *Engine) newStarter() *coldstart.Starter {
	hooks := coldstart.Hooks{
		Refresh: e.cache.Refresh,
		Woken:   e.noteWoken,
		Probe:   e.probe,
		Room:    e.enter,
		Waker:   e.waker,
	}
	return coldstart.New(e.cfg().ColdStart, hooks)
}

// waker is the present resolver, if it can wake what sleeps.
func (e *Engine) waker() resolve.Waker {
	w, _ := e.cfg().Resolver.(resolve.Waker)
	return w
}

// noteWoken forgets the failures from before a resource was started.
func (e *Engine) noteWoken(route *resolve.Route) *resolve.Route {
	ready := e.cache.Woken(route)
	now := time.Now()
	e.endpoints.Forgive(ready.Endpoint, now)
	for _, other := range ready.Alternatives {
		e.endpoints.Forgive(other.Endpoint, now)
	}
	return ready
}

// mustWait says whether a session with this route has to wait until its resource
// was started, maybe behind others.
func (e *Engine) mustWait(route *resolve.Route) bool {
	return route.State == resolve.Cold || e.starter.Busy(route.Protocol, route.Resource)
}

// enter counts a session in at the resource of its route; nil says that no more
// are allowed.
func (e *Engine) enter(route *resolve.Route) *upstream.Resource {
	a := e.cfg().Resources
	if route.MaxSessions > 0 {
		a.Sessions = route.MaxSessions
	}
	if route.SessionRate > 0 {
		a.Rate = route.SessionRate
	}
	return e.resources.Enter(route.Protocol, route.Resource, a, time.Now())
}

// noPlace is why enter gives no place at the route's resource.
func (e *Engine) noPlace(route *resolve.Route) Reason {
	if e.resources.Blocked(route.Protocol, route.Resource) {
		return ResourceBlocked
	}
	return ResourceFull
}

// awaitStart waits for a resource to be started, on a goroutine of the session's,
// until ctx ends or gone says so, which is asked now and then. It returns the
// route to go on with and a place there, or one whose Err says why not.
func (e *Engine) awaitStart(ctx context.Context, req resolve.Request, route *resolve.Route, gone func() bool) (*resolve.Route, *upstream.Resource) {
	type answer struct {
		route *resolve.Route
		place *upstream.Resource
	}
	answered := make(chan answer, 1)
	w := &coldstart.Waiter{Done: func(r *resolve.Route, place *upstream.Resource) { answered <- answer{r, place} }}
	if !e.starter.Wait(req, route, w) {
		return &resolve.Route{Request: req, Err: errCrowded}, nil
	}
	look := time.NewTicker(goneInterval)
	defer look.Stop()
	why := errGone
	for waits := true; waits; {
		select {
		case a := <-answered:
			return a.route, a.place
		case <-ctx.Done():
			why, waits = context.Cause(ctx), false
		case <-look.C:
			waits = !gone()
		}
	}
	if !e.starter.Leave(w) {
		e.resources.Leave((<-answered).place)
	}
	return &resolve.Route{Request: req, Err: why}, nil
}

// goneInterval is how often a goroutine that waits looks whether its client still
// does.
const goneInterval = 100 * time.Millisecond

// errGone is why a client waits no more that has left.
var errGone = errors.New("the client has left")

// errWakeTimeout ends the wait of one client.
var errWakeTimeout = resolve.Errorf(resolve.Timeout, "waited too long for a cold start")

// errCrowded says that too many wait for a start.
var errCrowded = resolve.Errorf(resolve.Unavailable, "too many wait for a cold start")

// wakeReason is the reason of a session whose resource couldn't be started.
func wakeReason(err error) Reason {
	switch err {
	case errGone:
		return ClientGone
	case error(errCrowded):
		return WakeCrowded
	case errBlocked:
		return ResourceBlocked
	}
	switch resolve.KindOf(err) {
	case resolve.NotFound:
		return NotFound
	case resolve.Forbidden:
		return Forbidden
	case resolve.Timeout:
		return WakeTimeout
	}
	return WakeFailed
}
