package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// Faults of what operators ask for. They can be told by errors.Is.
var (
	// ErrUnknownProtocol: no listener has it.
	ErrUnknownProtocol = errors.New("no listener has this protocol")
	// ErrNotWakeable: the resource sleeps, and nothing is known that wakes it.
	ErrNotWakeable = errors.New("there is no way to wake this resource")
	// ErrNoResource: it has no name, or one that is too long for any protocol.
	ErrNoResource = errors.New("want a resource of 1 to 1024 bytes")
)

// errBlocked is why nobody waits any more for a resource that was blocked.
var errBlocked = errors.New("the resource is blocked by the operator")

// Block has new sessions and requests of a resource refused, as ResourceBlocked, until
// Unblock, and at once those that wait for its cold start; refused is how many. Sessions
// that are there stay, and so do the branches of those that use several backends. The
// error is ErrUnknownProtocol, ErrNoResource or upstream.ErrTooManyBlocked. Any
// goroutine, but not an event loop, between Start and Shutdown; so for all that follow.
func (e *Engine) Block(protocol, resource string) (refused int, err error) {
	if err := e.validPlace(protocol, resource); err != nil {
		return 0, err
	}
	if err := e.resources.Block(protocol, resource); err != nil {
		return 0, err
	}
	return e.starter.Refuse(protocol, resource, errBlocked), nil
}

// Unblock ends Block; false says that the resource wasn't blocked.
func (e *Engine) Unblock(protocol, resource string) bool {
	return e.resources.Unblock(protocol, resource)
}

// DrainResource ends the established sessions of a resource, as ByOperator, and returns
// how many. Each ends in order, as if its client had said that it sends nothing more:
// what the backend is about to answer arrives yet, for Timeouts.Flush at most. New ones
// are served: block the resource first if they shouldn't be. HTTP requests under way are
// answered; a connection that has switched protocols is a session. The branches of
// sessions that use several backends end too, and aren't counted. The errors are
// Block's first two.
func (e *Engine) DrainResource(protocol, resource string) (sessions int, err error) {
	if err := e.validPlace(protocol, resource); err != nil {
		return 0, err
	}
	return e.sendAway(func(r *resolve.Route) bool { return r.Protocol == protocol && r.Resource == resource }), nil
}

// ForceEndpoint decides about an endpoint, "host:port" as the resolver writes it, in its
// breaker's place (upstream.Registry.Force). ForcedDrain also ends the established
// sessions there, as DrainResource does, and returns how many; those that are on their
// way there follow once they are established. Others are told that it can't be had,
// unless their resource has another endpoint. Pooled connections there are closed within
// a second.
func (e *Engine) ForceEndpoint(endpoint string, f upstream.Forced) (sessions int, err error) {
	if _, err := e.endpoints.Force(endpoint, f, time.Now()); err != nil {
		return 0, err
	}
	if f != upstream.ForcedDrain {
		return 0, nil
	}
	e.drains.begin(e)
	return e.sendAway(func(r *resolve.Route) bool { return r.Endpoint == endpoint }), nil
}

// DrainEndpoint is ForceEndpoint with upstream.ForcedDrain.
func (e *Engine) DrainEndpoint(endpoint string) (sessions int, err error) {
	return e.ForceEndpoint(endpoint, upstream.ForcedDrain)
}

// sendAway ends the established sessions for whose route who holds, in order, and the
// branches to there of sessions that use several backends.
func (e *Engine) sendAway(who func(*resolve.Route) bool) (sessions int) {
	sessions = e.driver.end(func(v *sessionView) bool { return v.piped && v.route != nil && who(v.route) }, ByOperator)
	e.driver.leave(func(r *resolve.Route) bool { return r != nil && who(r) }, ByOperator)
	return sessions
}

// Woken is what came of Wake.
type Woken uint8

// What comes of Wake.
const (
	// WakeBegun: it is being started, be it since now or before.
	WakeBegun Woken = iota
	// WakeNeedless: it is ready.
	WakeNeedless
)

// String returns starting or ready.
func (w Woken) String() string {
	if w == WakeNeedless {
		return "ready"
	}
	return "starting"
}

// Wake starts a resource that sleeps, as if a client had come, and doesn't wait until it
// is ready: Resources tells. The resolver is asked until ctx ends, for Timeouts.Resolve
// at most; so is a resource whose route says that it is ready but may be asleep. The
// start is bounded as every other one. The error is ErrUnknownProtocol, ErrNoResource,
// ErrNotWakeable, or says that the resource is blocked or can't be had, or that too many
// starts are under way.
func (e *Engine) Wake(ctx context.Context, protocol, resource string) (Woken, error) {
	if err := e.validPlace(protocol, resource); err != nil {
		return 0, err
	}
	if e.resources.Blocked(protocol, resource) {
		return 0, errBlocked
	}
	if _, under := e.starter.Find(protocol, resource); under {
		return WakeBegun, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg().Timeouts.Resolve)
	defer cancel()
	req := resolve.Request{Protocol: protocol, Resource: resource}
	route, err := e.cache.Fetch(ctx, req)
	if err != nil {
		return 0, err
	}
	if awake, err := e.awake(ctx, route); awake || err != nil {
		return WakeNeedless, err
	}
	return WakeBegun, e.wake(req, route)
}

// awake says whether the resource serves. The error says that it doesn't and that there
// is no point in waking it.
func (e *Engine) awake(ctx context.Context, route *resolve.Route) (bool, error) {
	wakeable := route.Wake != "" && e.waker() != nil
	switch {
	case route.State == resolve.Draining:
		return false, resolve.Errorf(resolve.Unavailable, "the resource is draining")
	case route.State == resolve.Ready:
		return !wakeable || e.probe(ctx, route) == nil, nil
	case !wakeable:
		return false, ErrNotWakeable
	}
	return false, nil
}

// wake has a client wait that wants nothing but the start. It gives its place back at
// once, and leaves when a client would that comes now.
func (e *Engine) wake(req resolve.Request, route *resolve.Route) error {
	w := &coldstart.Waiter{Done: func(_ *resolve.Route, place *upstream.Resource) { e.resources.Leave(place) }}
	if !e.starter.Wait(req, route, w) {
		return errCrowded
	}
	time.AfterFunc(e.cfg().ColdStart.Timeout, func() { e.starter.Leave(w) })
	return nil
}

// longestResource is more than any protocol has.
const longestResource = 1024

// validPlace checks what an operator has typed.
func (e *Engine) validPlace(protocol, resource string) error {
	if _, known := e.moves.protocols()[protocol]; !known {
		return fmt.Errorf("%q: %w", protocol, ErrUnknownProtocol)
	}
	if resource == "" || len(resource) > longestResource {
		return ErrNoResource
	}
	return nil
}
