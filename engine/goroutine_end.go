package engine

import "github.com/proxy-engine/proxy-engine/codecs"

// fail refuses the client for a failure the codec found.
func (s *goroutineSession) fail(f codecs.Failure) {
	s.say(failureReason(f), f, failureCause(f))
}

// refuse ends a session that isn't established, telling the client why in its
// own protocol if there are words for it.
func (s *goroutineSession) refuse(reason Reason, cause error) {
	resource := ""
	if s.route != nil {
		resource = s.route.Resource
	}
	s.refuseFor(reason, resource, cause)
}

// refuseFor is refuse for a session that isn't routed yet.
func (s *goroutineSession) refuseFor(reason Reason, resource string, cause error) {
	failure, speak := reason.failure(resource, cause)
	if !speak {
		s.finish(reason, cause)
		return
	}
	s.say(reason, failure, cause)
}

// say refuses the client with the codec's words for f. The client's goroutine
// then drops what still comes, until EOF or the deadline.
func (s *goroutineSession) say(reason Reason, f codecs.Failure, cause error) {
	words := s.codec.Refuse(nil, f)
	if len(words) == 0 || s.port.d.stopping() {
		s.finish(reason, cause)
		return
	}
	s.flushAs(reason, words, cause)
}

// flushAs closes the client's connection behind its last words.
func (s *goroutineSession) flushAs(reason Reason, words []byte, cause error) {
	s.reason, s.cause = lastly(s.reason, reason), cause
	s.enter(Flushing, s.port.d.e.cfg().Timeouts.Flush)
	if s.backend.conn != nil {
		_ = s.backend.conn.Close()
	}
	_, _ = s.client.conn.Write(words)
	s.client.shutdown()
}
