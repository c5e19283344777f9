package engine

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// leave implements driver.
func (d *goroutineDriver) leave(who func(*resolve.Route) bool, why Reason) {
	d.links.leave()
	sessions, muxes := d.leavers()
	sessions = slices.DeleteFunc(sessions, func(s *goroutineSession) bool {
		route := s.face.route.Load()
		return route == nil || !who(route)
	})
	holding(sessions, why, func(s *goroutineSession) { s.leave(why) })
	for _, s := range muxes {
		s.leave(who, why)
	}
}

// holding calls fn, which ends them as why, for each session with its mu held. One whose
// goroutines hold it is waited for beside the others.
func holding(sessions []*goroutineSession, why Reason, fn func(*goroutineSession)) {
	var held sync.WaitGroup
	defer held.Wait()
	for _, s := range sessions {
		if s.mu.TryLock() {
			fn(s)
			s.mu.Unlock()
			continue
		}
		held.Go(func() {
			s.hurry(why)
			s.mu.Lock()
			defer s.mu.Unlock()
			fn(s)
		})
	}
}

// hurry bounds how long the goroutines of a session that stands may hold it yet: they may
// write to a peer that takes nothing for as long as it likes.
func (s *goroutineSession) hurry(why Reason) {
	if State(s.face.state.Load()) == Standing {
		s.face.end(why)
		s.sockets.limit(time.Now().Add(s.port.d.e.cfg().Timeouts.Flush))
	}
}

// leavers are the sessions of now, and what HTTP connections have become that have
// switched protocols: others go where their resource has moved with their next
// request.
func (d *goroutineDriver) leavers() (sessions []*goroutineSession, muxes []*goroutineMultiplex) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s := range d.sessions {
		sessions = append(sessions, s)
	}
	for s := range d.webs {
		if relayed := s.switchedTo(); relayed != nil {
			sessions = append(sessions, relayed)
		}
	}
	for s := range d.muxes {
		muxes = append(muxes, s)
	}
	return sessions, muxes
}

// relays notes what the connection has become.
func (s *goroutineWeb) relays(session *goroutineSession, route *resolve.Route) {
	session.route = route
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relayed = session
	s.face.route.Store(route)
	s.face.switched.Store(true)
}

func (s *goroutineWeb) switchedTo() *goroutineSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.relayed
}

// leave ends an established session in order, as if its client had said that it
// sends nothing more: what has come is answered yet. One that isn't established
// is looked at again. The caller holds mu.
func (s *goroutineSession) leave(why Reason) bool {
	if s.state != Relaying && s.state != Standing || s.leaving() {
		return false
	}
	s.reason, s.ending = why, true
	s.face.end(why)
	_ = s.client.conn.SetWriteDeadline(s.breakOff())
	_ = s.backend.conn.SetDeadline(s.breakOff())
	_ = s.client.conn.SetReadDeadline(wakeUp)
	return true
}

// leaving says that the session was told to leave. The caller holds mu.
func (s *goroutineSession) leaving() bool { return s.reason.leaves() }

// startRelay sets the deadline of what is read from a side.
func (s *goroutineSession) startRelay(from *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at time.Time
	switch {
	case s.leaving() && from == &s.client:
		at = wakeUp
	case s.leaving():
		at = s.breakOff()
	}
	_ = from.conn.SetReadDeadline(at)
}

// cut ends the client's direction of a session that leaves, and says whether EOF
// is to be said to the backend; or the session, once its time is over.
func (s *goroutineSession) cut(from, to *peer) (ended bool) {
	if from == &s.client && time.Now().Before(s.breakOff()) {
		to.shut = true
		return true
	}
	s.finish(s.reason, nil)
	return false
}

// endLeaving is cut while the codec stands between.
func (s *goroutineSession) endLeaving(from *peer) {
	if from == &s.client && time.Now().Before(s.breakOff()) {
		s.awaitRelay(io.EOF)
		return
	}
	s.finish(s.reason, nil)
}

// discard reads what the client of a session that leaves still sends, until its
// end: unread bytes would turn the close into a reset that overtakes the last
// answers.
func (s *goroutineSession) discard() {
	s.mu.Lock()
	leaving, until := s.leaving() && s.state == Relaying, s.flushBy
	s.mu.Unlock()
	if !leaving {
		return
	}
	_ = s.client.conn.SetReadDeadline(until)
	n, err := io.Copy(io.Discard, s.client.conn)
	s.count(&s.client, int(n))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.finish(s.reason, nil)
	}
}

// leave has the client's requests for resources that have moved go there, and
// gives the branches to where they were the time to answer what is under way.
func (s *goroutineMultiplex) leave(who func(*resolve.Route) bool, why Reason) {
	for _, b := range s.leavers(who) {
		b.leave(why)
	}
}

func (s *goroutineMultiplex) leavers(who func(*resolve.Route) bool) (branches []*goroutineBranch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.branches {
		if who(b.route) {
			branches = append(branches, b)
		}
	}
	return branches
}
