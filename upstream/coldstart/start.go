package coldstart

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Phase is how far a start has come.
type Phase uint8

// The phases of a start.
const (
	// Waking: the resolver's Waker is told.
	Waking Phase = iota
	// Probing: it is looked whether the resource is ready.
	Probing
	// Admitting: it is known what came of it, and those who wait are told.
	Admitting

	// settling: it is over, and who comes late is told the same.
	settling

	phases
)

var phaseNames = [phases]string{Waking: "waking", Probing: "probing", Admitting: "admitting", settling: "settling"}

// String returns the phase's name.
func (p Phase) String() string {
	if p < phases {
		return phaseNames[p]
	}
	return "unknown"
}

// start is one resource being started.
type start struct {
	s      *Starter
	key    key
	req    resolve.Request // of the first client
	first  *resolve.Route  // what made it necessary
	cancel context.CancelFunc
	begun  time.Time

	// Guarded by Starter.mu.
	phase Phase
	queue queue
	turn  chan struct{} // has a value if somebody came while settling
}

// join adds a client.
func (st *start) join(w *Waiter) {
	st.queue.push(w)
	st.s.waiting.Add(1)
	w.start = st
	select {
	case st.turn <- struct{}{}:
	default:
	}
}

func (st *start) remove(w *Waiter) {
	st.queue.remove(w)
	st.s.waiting.Add(-1)
	w.start = nil
}

// run is the start's goroutine.
func (st *start) run(ctx context.Context) {
	defer st.cancel()
	route := st.wake(ctx)
	if ctx.Err() == nil && st.note(route, time.Since(st.begun)) {
		st.settle(ctx, route)
	}
}

// note counts the outcome. false says that it is nobody's: everybody has left.
func (st *start) note(route *resolve.Route, took time.Duration) bool {
	s := st.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.phase == settling {
		return false
	}
	st.phase = Admitting
	switch {
	case route.Err == nil:
		s.stats.Ready++
		s.stats.Slowest = max(s.stats.Slowest, took)
	case resolve.KindOf(route.Err) == resolve.Timeout:
		s.stats.Timeouts++
	default:
		s.stats.Failures++
	}
	return true
}

// wake has the resource started and waits until it is ready. What goes wrong is
// in the route.
func (st *start) wake(ctx context.Context) *resolve.Route {
	ctx, cancel := context.WithTimeout(ctx, st.s.live.Load().Timeout)
	defer cancel()
	err := st.callWaker(ctx)
	st.probes()
	for err == nil {
		var route *resolve.Route
		if route, err = st.look(ctx); route != nil {
			return route
		}
		if err == nil {
			err = sleep(ctx, st.s.live.Load().Interval)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = resolve.Errorf(resolve.Timeout, "not ready after %v: %w", st.s.live.Load().Timeout, err)
	}
	return &resolve.Route{Request: resolve.Request{Protocol: st.key.protocol, Resource: st.key.resource}, Err: err}
}

// probes notes that the Waker has been told.
func (st *start) probes() {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.phase == Waking {
		st.phase = Probing
	}
}

// callWaker tells the resolver's Waker, if the resource is one of its. A failure
// of whatever kind means that the resource can't be had now.
func (st *start) callWaker(ctx context.Context) (err error) {
	waker := st.s.hooks.Waker()
	if waker == nil || st.first.Wake == "" {
		return nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = resolve.Errorf(resolve.Internal, "the waker panicked: %v", fault)
		}
	}()
	if err := waker.Wake(ctx, st.req, st.first.Result); err != nil && ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

// look asks whether the resource is ready: its route then, nil if not yet. An
// error is final.
func (st *start) look(ctx context.Context) (*resolve.Route, error) {
	route, err := st.s.hooks.Refresh(ctx, st.req)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && final(err):
		return nil, err
	case err != nil || len(route.Addrs) == 0:
		return nil, nil
	case route.State == resolve.Draining:
		return nil, resolve.Errorf(resolve.Unavailable, "draining")
	}
	probing, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if st.s.hooks.Probe(probing, route) != nil {
		return nil, ctx.Err()
	}
	return st.s.hooks.Woken(route), nil
}

// probeTime bounds one try of a backend that takes connections and doesn't
// answer.
const probeTime = time.Second

// final says which errors of the resolver say that the start has failed, as
// opposed to those that say nothing about the resource.
func final(err error) bool {
	switch resolve.KindOf(err) {
	case resolve.NotFound, resolve.Forbidden, resolve.Unavailable:
		return true
	}
	return false
}

// sleep returns after d, or when ctx ends, with its error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
