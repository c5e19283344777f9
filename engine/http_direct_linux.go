package engine

import "github.com/proxy-engine/proxy-engine/codecs/http"

// direct answers a request without a backend (HTTP.Direct). in begins with its
// head. The body is read and dropped first: the next request is behind it, and
// a client that is still sending may not read.
func (s *webSession) direct(in []byte) {
	if s.drop(in[s.x.size:]) {
		return
	}
	if s.x.about.Expects {
		// The client waits to be asked for the body: it is spared.
		s.answerDirectly()
		return
	}
	s.enter(webDiscarding, s.port.w.e.cfg().HTTP.Stall)
	s.discard()
}

// discard reads the request's body until it is complete or nothing has come.
func (s *webSession) discard() {
	for range moveTurn {
		if s.client.Ended() || s.client.Broken() {
			s.finish(ClientGone, nil)
			return
		}
		if !s.client.Readable() {
			return
		}
		buf := s.port.w.loop.Buffer()
		if s.drop(buf[:s.receive(buf)]) {
			return
		}
	}
	s.client.Conn.Again()
}

// drop drops the request's body from the start of in and keeps what is behind
// it. It returns true when the request has been answered.
func (s *webSession) drop(in []byte) (answered bool) {
	x := s.x
	for len(in) > 0 && !x.up.Done() && x.up.Failed() == http.OK {
		_, n := x.up.Next(in)
		in, x.moved = in[n:], true
	}
	s.box.keep(in)
	switch why := x.up.Failed(); {
	case why != http.OK:
		s.rejectRequest(why, Malformed)
	case x.up.Done():
		s.answerDirectly()
	default:
		return false
	}
	return true
}

// discardStalled is called when the deadline of a body that is dropped has
// passed. It only counts if nothing has come since it was set.
func (s *webSession) discardStalled() {
	if s.x.moved {
		s.x.moved = false
		s.enter(webDiscarding, s.port.w.e.cfg().HTTP.Stall)
		return
	}
	s.rejectRequest(http.BodyTimeout, StallTimeout)
}

// answerDirectly sends the answer. The connection goes on if the client has sent
// its whole request.
func (s *webSession) answerDirectly() {
	x, w := s.x, s.port.w
	if !x.up.Done() {
		x.about.KeepAlive = false
	}
	keep := x.about.KeepAlive
	out := w.e.cfg().HTTP.Direct.Append(w.scratch[:0], &x.about)
	s.client.Send(out)
	w.scratch = out[:0]
	x.status, x.whole = w.e.cfg().HTTP.Direct.Status, true
	s.answered(keep)
}
