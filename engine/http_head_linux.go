package engine

import "github.com/proxy-engine/proxy-engine/codecs/http"

// appendRequest appends the head for the backend.
func (s *webSession) appendRequest(dst []byte) []byte {
	w := s.port.w
	return w.e.cfg().HTTP.appendRequest(dst, &s.x.request, &w.ids, forwarded{s.peer, s.trusted, s.shown != nil, s.x.route.Endpoint})
}

// appendResponse appends the head for the client, of an interim response or of
// the final one.
func (s *webSession) appendResponse(dst []byte) []byte {
	x := s.x
	if x.response.Interim() {
		if !x.response.Passes(&x.about) {
			return dst
		}
		return x.response.Append(dst, &x.about, &http.Reply{})
	}
	x.headed, x.status = true, x.response.Status()
	w := s.port.w
	reply := w.e.reply(!x.up.Done())
	if w.e.cfg().HTTP.Telemetry {
		w.lines = appendTelemetry(w.lines[:0], x.route, x.cached, w.loop.Now()-x.begun)
		reply.Extra = w.lines
	}
	x.closes = !x.response.KeepsClient(&x.about, &reply)
	x.response.StartBody(&x.down, &x.about)
	return x.response.Append(dst, &x.about, &reply)
}

// reject answers a client whose request can't be read: nobody knows where the
// next would begin.
func (s *webSession) reject(why http.Reason, reason Reason) {
	answer := why.Answer()
	s.client.Send(answer.Append(s.port.w.scratch[:0], &http.Exchange{}))
	s.box.drop()
	s.end(reason)
}

// rejectRequest answers one whose request was understood, up to a point.
func (s *webSession) rejectRequest(why http.Reason, reason Reason) {
	answer := why.Answer()
	s.x.refuse(answer.Status, reason, nil)
	s.x.about.KeepAlive = false
	s.client.Send(answer.Append(s.port.w.scratch[:0], &s.x.about))
	s.end(reason)
}

// rejectResponse answers for a backend that doesn't speak HTTP, or not any more.
func (s *webSession) rejectResponse(why http.Reason) {
	s.x.link.Conn.Reset()
	if why != http.NoResponse {
		why = http.BadResponse
	}
	answer := why.Answer()
	s.reply(&answer, responseReason(why), nil)
}

// refuse answers that the request can't be served, and why.
func (s *webSession) refuse(reason Reason, cause error) {
	answer := refusalAnswer(reason, string(s.x.request.Key()), cause)
	s.reply(&answer, reason, cause)
}

// reply answers in the backend's place. The connection goes on if the client
// has sent its whole request.
func (s *webSession) reply(answer *http.Answer, reason Reason, cause error) {
	x := s.x
	x.refuse(answer.Status, reason, cause)
	if !x.up.Done() {
		x.about.KeepAlive = false
	}
	keep := x.about.KeepAlive
	s.client.Send(answer.Append(s.port.w.scratch[:0], &x.about))
	s.port.w.e.counters.refused[reason].Add(1)
	if !keep {
		s.end(reason)
		return
	}
	s.skipHead()
	s.answered(true)
}

// skipHead consumes the head of a request that was answered before it was
// forwarded.
func (s *webSession) skipHead() {
	if !s.x.sent {
		s.box.keep(s.box.bytes()[s.x.size:])
	}
}
