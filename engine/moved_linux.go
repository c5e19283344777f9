package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
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

// walk looks at all sessions of a loop, in turns, and has those leave whose
// resource has moved. On its loop.
type walk struct {
	w     *worker
	to    homes
	timer reactor.Timer
	done  chan struct{}
}

// leave implements driver. It returns when all sessions were looked at.
func (d *reactorDriver) leave(to homes) {
	for _, w := range d.workers {
		k := &walk{w: w, to: to, done: make(chan struct{})}
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
		if s := k.w.sessions.step(); s != nil {
			if k.to.left(s.route) {
				s.leave()
				budget -= endingCost
			}
			continue
		}
		s := k.w.visitors.step()
		if s == nil {
			close(k.done)
			return
		}
		if s.state == webSwitched && k.to.left(s.x.route) {
			s.leave()
			budget -= endingCost
		}
	}
	k.w.loop.After(&k.timer, walkPause, k)
}

// leave ends an established session in order, as if its client had said that it
// sends nothing more: what has come is answered yet. One that isn't established
// is looked at again.
func (s *session) leave() {
	defer s.guard()
	switch s.state {
	case Relaying:
		if !s.pump.Breaking() {
			s.moveOut()
			s.relay()
		}
	case Standing:
		s.moveOut()
		s.enter(Standing, s.port.w.e.cfg().Timeouts.Flush)
		s.opening()
	}
}

// moveOut takes no more of the client's bytes.
func (s *session) moveOut() {
	s.reason, s.ending = Moved, true
	s.pump.Client.Cut()
}

// leave ends a connection that has switched protocols. Any other one goes where
// its resource has moved with its next request.
func (s *webSession) leave() {
	defer s.guard()
	if s.client.Broken() || s.x.link.Broken() {
		return
	}
	s.reason = Moved
	s.client.Cut()
	s.enter(webSwitched, s.port.w.e.cfg().Timeouts.Flush)
	s.relay()
}
