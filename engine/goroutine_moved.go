package engine

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// leave implements driver. A session whose goroutines hold it is waited for
// beside the others.
func (d *goroutineDriver) leave(to homes) {
	sessions, muxes := d.leavers()
	var held sync.WaitGroup
	defer held.Wait()
	for _, s := range sessions {
		if s.mu.TryLock() {
			s.leave(to)
			s.mu.Unlock()
			continue
		}
		held.Go(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.leave(to)
		})
	}
	for _, s := range muxes {
		s.leave(to)
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
}

func (s *goroutineWeb) switchedTo() *goroutineSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.relayed
}

// leave ends an established session in order, as if its client had said that it
// sends nothing more: what has come is answered yet. One that isn't established
// is looked at again. The caller holds mu.
func (s *goroutineSession) leave(to homes) {
	if s.state != Relaying && s.state != Standing || s.leaving() || !to.left(s.route) {
		return
	}
	s.reason, s.ending = Moved, true
	_ = s.client.conn.SetWriteDeadline(s.breakOff())
	_ = s.backend.conn.SetDeadline(s.breakOff())
	_ = s.client.conn.SetReadDeadline(wakeUp)
}

// leaving says that the session was told to leave. The caller holds mu.
func (s *goroutineSession) leaving() bool { return s.reason == Moved }

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
	s.finish(Moved, nil)
	return false
}

// endLeaving is cut while the codec stands between.
func (s *goroutineSession) endLeaving(from *peer) {
	if from == &s.client && time.Now().Before(s.breakOff()) {
		s.awaitRelay(io.EOF)
		return
	}
	s.finish(Moved, nil)
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
	s.client.received += uint64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.finish(Moved, nil)
	}
}

// leave has the client's requests for resources that have moved go there, and
// gives the branches to where they were the time to answer what is under way.
func (s *goroutineMultiplex) leave(to homes) {
	for _, b := range s.leavers(to) {
		b.bury(Moved)
		_ = b.conn.SetReadDeadline(time.Now().Add(s.port.d.e.cfg().Timeouts.Flush))
	}
}

func (s *goroutineMultiplex) leavers(to homes) (branches []*goroutineBranch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.branches {
		if to.left(b.route) {
			branches = append(branches, b)
		}
	}
	return branches
}
