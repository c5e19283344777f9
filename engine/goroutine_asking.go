package engine

import (
	"context"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// ask finds out whether another resource, which the codec of a standing session
// wants, is to be had of its backend, and has the codec go on if so. It returns
// what is then left of rest, the client's bytes behind the codec's step. It lets
// go of mu while it asks: whichever goroutine is the other waits.
func (s *goroutineSession) ask(resource string, rest []byte) []byte {
	other := s.lookupUnlocked(resource)
	if s.state != Asking {
		return rest // the session has been ended
	}
	if reason, cause, refused := s.port.d.e.elsewhere(s.port.spec, s.route, other, s.leg); refused {
		s.disown(reason, resource, cause)
		return rest
	}
	s.enter(Standing, 0)
	step := s.codec.Open(rest, s.target(other))
	s.apply(step)
	return rest[step.Consumed:]
}

// lookupUnlocked is lookup, which ends with the session; mu isn't held meanwhile.
func (s *goroutineSession) lookupUnlocked(resource string) *resolve.Route {
	ctx, cancel := context.WithCancel(s.port.d.serving)
	defer cancel()
	s.cancel = cancel
	s.mu.Unlock()
	defer s.mu.Lock()
	return s.lookup(ctx, resource)
}

// disown refuses the client another resource, and resets the backend, which
// has half a request.
func (s *goroutineSession) disown(reason Reason, resource string, cause error) {
	_ = s.backend.conn.SetLinger(0)
	s.refuseFor(reason, resource, cause)
}
