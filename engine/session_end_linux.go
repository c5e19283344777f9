package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/relay"
)

// resetPoll is how often a session looks whether the last bytes before a reset
// have arrived; the kernel has no event for that.
const resetPoll = 20 * time.Millisecond

// fail refuses the client for a failure the codec found.
func (s *session) fail(f codecs.Failure) {
	s.say(failureReason(f), f, failureCause(f))
}

// refuse ends a session that isn't established, telling the client why in its
// own protocol if there are words for it.
func (s *session) refuse(reason Reason, cause error) {
	resource := ""
	if s.route != nil {
		resource = s.route.Resource
	}
	s.refuseFor(reason, resource, cause)
}

// refuseFor is refuse for a session that isn't routed yet.
func (s *session) refuseFor(reason Reason, resource string, cause error) {
	failure, speak := reason.failure(resource, cause)
	if !speak {
		s.finish(reason, cause)
		return
	}
	s.say(reason, failure, cause)
}

// say refuses the client with the codec's words for f, then closes after
// flush: what the client still sends is read and dropped until it closes, for
// unread bytes would turn the close into a reset that overtakes the words.
func (s *session) say(reason Reason, f codecs.Failure, cause error) {
	words := s.setup.codec.Refuse(s.port.w.loop.Buffer()[:0], f)
	if len(words) == 0 {
		s.finish(reason, cause)
		return
	}
	s.pump.Client.Send(words)
	s.flushAs(reason, cause)
}

// flushAs closes the client's connection once it has got everything.
func (s *session) flushAs(reason Reason, cause error) {
	s.pump.Backend.Close()
	s.leaveWaits()
	s.setup.leaveHandshake()
	s.reason, s.setup.cause = lastly(s.reason, reason), cause
	s.enter(Flushing, s.port.w.e.cfg().Timeouts.Flush)
	s.flush()
}

// flush goes on with the last bytes for the client.
func (s *session) flush() {
	client := &s.pump.Client
	if s.setup.resetting != nil || !client.Flush() {
		return
	}
	client.End()
	if client.Waiting() {
		return
	}
	for range setupTurn {
		if client.EOF() || client.Broken() {
			s.finish(s.reason, s.setup.cause)
			return
		}
		if !client.Readable() {
			return
		}
		s.heard(client, client.Receive(s.port.w.loop.Buffer()[:minReadBuffer]))
	}
	client.Conn.Again()
}

// passReset resets the other side of a broken one, once it has got what was
// sent before.
func (s *session) passReset(reason Reason, other *relay.Side) {
	if delivered(other) {
		other.Conn.Reset()
		s.finish(reason, nil)
		return
	}
	if s.setup == nil {
		s.setup = s.port.w.takeSetup()
	}
	s.reason, s.setup.resetting = lastly(s.reason, reason), other
	s.setup.deadline = s.port.w.loop.Now() + s.port.w.e.cfg().Timeouts.Flush
	s.enter(Flushing, resetPoll)
}

// delivered says that nothing is on its way to the side any more: it has got
// everything or is gone itself, in which case the kernel still counts bytes.
func delivered(side *relay.Side) bool {
	return !side.Conn.Open() || side.Conn.Failed() || side.Conn.Unsent() == 0
}

// flushExpired serves both uses of the timer: the deadline of a refusal, and
// the poll of a reset.
func (s *session) flushExpired() {
	side := s.setup.resetting
	switch {
	case side == nil:
		s.finish(s.reason, s.setup.cause)
	case delivered(side) || s.port.w.loop.Now() >= s.setup.deadline:
		side.Conn.Reset()
		s.finish(s.reason, nil)
	default:
		s.enter(Flushing, resetPoll)
	}
}
