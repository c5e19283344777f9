package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/resolve"
)

const (
	// walkTurn is what a loop may do of a walk at once: look at 5,000 sessions, or
	// end 100. Either takes it about a millisecond.
	walkTurn = 5000
	// endingCost is what ending a session costs of it: a few system calls.
	endingCost = 50
	// walkPause is between two turns.
	walkPause = time.Millisecond
)

// walk looks at all sessions of a loop, in turns. On its loop.
type walk struct {
	w *worker
	// session and visitor are called for each of the two kinds and say whether they
	// have ended it, or begun to.
	session func(*session) bool
	visitor func(*webSession) bool
	timer   reactor.Timer
	done    chan struct{}
}

// walk returns when all sessions were looked at. Walks take turns, for there is one
// cursor in each list.
func (d *reactorDriver) walk(session func(*session) bool, visitor func(*webSession) bool) {
	d.walking.Lock()
	defer d.walking.Unlock()
	for _, w := range d.workers {
		k := &walk{w: w, session: session, visitor: visitor, done: make(chan struct{})}
		w.loop.Post(k.begin)
		select {
		case <-k.done:
		case <-w.ended:
		}
	}
}

func (k *walk) begin() {
	k.w.sessions.rewind()
	k.w.visitors.rewind()
	k.Expire()
}

// Expire implements reactor.Expirer: it is the walk's turn.
func (k *walk) Expire() {
	for budget := walkTurn; budget > 0; budget-- {
		ended := false
		if s := k.w.sessions.step(); s != nil {
			ended = k.session(s)
		} else if s := k.w.visitors.step(); s != nil {
			ended = k.visitor(s)
		} else {
			close(k.done)
			return
		}
		if ended {
			budget -= endingCost
		}
	}
	k.w.loop.After(&k.timer, walkPause, k)
}

// leave implements driver.
func (d *reactorDriver) leave(who func(*resolve.Route) bool, why Reason) {
	d.walk(
		func(s *session) bool { return s.route != nil && who(s.route) && s.leave(why) },
		func(s *webSession) bool { return s.state == webSwitched && who(s.x.route) && s.leave(why) },
	)
}

// leave ends an established session in order, as if its client had said that it
// sends nothing more: what has come is answered yet. One that isn't established
// is looked at again.
func (s *session) leave(why Reason) bool {
	defer s.guard()
	switch {
	case s.reason.leaves():
		return false
	case s.state == Relaying && !s.pump.Breaking():
		s.leaveAs(why)
		s.relay()
		return true
	case s.state == Standing:
		s.leaveAs(why)
		s.enter(Standing, s.port.w.e.cfg().Timeouts.Flush)
		s.opening()
		return true
	}
	return false
}

// leaveAs takes no more of the client's bytes.
func (s *session) leaveAs(why Reason) {
	s.reason, s.ending = why, true
	s.pump.Client.Cut()
}

// leave ends a connection that has switched protocols. Any other one goes where
// its resource has moved with its next request.
func (s *webSession) leave(why Reason) bool {
	defer s.guard()
	if s.client.Broken() || s.x.link.Broken() || s.reason.leaves() {
		return false
	}
	s.reason = why
	s.client.Cut()
	s.enter(webSwitched, s.port.w.e.cfg().Timeouts.Flush)
	s.relay()
	return true
}
