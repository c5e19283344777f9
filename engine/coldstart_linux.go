package engine

import (
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
)

// awakened is who waits on its loop for a resource to be started.
type awakened interface {
	// woken is called with a route that is ready and a place at its resource, or
	// with one whose Err says why there is none.
	woken(route *resolve.Route, place *upstream.Resource)
}

// sleeper is one client's wait for a cold start.
type sleeper struct {
	w      *worker
	owner  awakened // nil once it has left
	waiter coldstart.Waiter
}

// awaitStart has owner wait until the resource of route was started; nil says
// that too many do.
func (w *worker) awaitStart(req resolve.Request, route *resolve.Route, owner awakened) *sleeper {
	l := &sleeper{w: w, owner: owner}
	l.waiter.Done = func(route *resolve.Route, place *upstream.Resource) {
		w.loop.Post(func() { l.done(route, place) })
	}
	if !w.e.starter.Wait(req, route, &l.waiter) {
		return nil
	}
	return l
}

func (l *sleeper) done(route *resolve.Route, place *upstream.Resource) {
	if l.owner == nil {
		l.w.e.resources.Leave(place)
		return
	}
	l.owner.woken(route, place)
}

// leave ends the wait.
func (l *sleeper) leave() {
	l.owner = nil
	l.w.e.starter.Leave(&l.waiter)
}

// awaitStart waits until the resource was started, which is done once for a
// session.
func (s *session) awaitStart(route *resolve.Route) {
	w, t := s.port.w, s.setup
	w.e.resources.Leave(s.resource) // to be taken anew, in turn
	s.resource, t.approach.woken = nil, true
	s.enter(Waking, w.e.cfg().ColdStart.Timeout)
	p, who := s.from()
	t.sleeper = w.awaitStart(who.request(p.spec, route.Resource), route, s)
	if t.sleeper == nil {
		s.refuse(WakeCrowded, nil)
		return
	}
	s.checkWaiting()
}

// woken implements awakened.
func (s *session) woken(route *resolve.Route, place *upstream.Resource) {
	defer s.guard()
	s.setup.sleeper, s.resource = nil, place
	if route.Err != nil {
		s.refuse(wakeReason(route.Err), route.Err)
		return
	}
	s.approach(route)
}

// checkWaiting ends a session whose client has left while it waited, so that its
// place is free. Where a client may end its side and still want its answer, only
// a reset is leaving.
func (s *session) checkWaiting() {
	client := &s.pump.Client.Conn
	if client.Failed() || client.HungUp() && !s.port.spec.Front.HalfClose {
		s.finish(ClientGone, nil)
	}
}

// awaitStart waits until the resource of the request was started, which is done
// once for a request.
func (s *webSession) awaitStart(route *resolve.Route) {
	w, x := s.port.w, s.x
	s.depart(w.e, route, s.peer, s.before()) // to arrive anew, in turn
	x.approach.woken = true
	s.enter(webWaking, w.e.cfg().ColdStart.Timeout)
	p, who := s.from()
	x.sleeper = w.awaitStart(who.request(p.spec, route.Resource), route, s)
	if x.sleeper == nil {
		s.refuse(WakeCrowded, nil)
		return
	}
	s.checkWaiting()
}

// checkWaiting ends a session whose client has left while its request waited, so
// that its place is free.
func (s *webSession) checkWaiting() {
	if s.client.Conn.Failed() || s.client.Conn.HungUp() {
		s.finish(ClientGone, nil)
	}
}

// woken implements awakened.
func (s *webSession) woken(route *resolve.Route, place *upstream.Resource) {
	defer s.guard()
	s.x.sleeper = nil
	if route.Err != nil {
		s.refuse(wakeReason(route.Err), route.Err)
	} else {
		s.arrived(route, place, s.box.bytes())
	}
	s.resume()
}
