package engine

import (
	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// moveTurn is how many reads one exchange may do each way per turn.
const moveTurn = 4

// move moves what can be moved of request and response, both ways.
func (s *webSession) move() {
	if s.client.Broken() {
		s.finish(ClientReset, nil)
		return
	}
	x := s.x
	again := s.moveUp()
	if s.x == x && s.state == webExchanging {
		again = s.moveDown() || again
	}
	if again && s.state == webExchanging && s.x == x {
		s.client.Conn.Again()
	}
}

// moveUp moves the request's body until it is complete, nothing has come or the
// backend takes nothing.
func (s *webSession) moveUp() (again bool) {
	x := s.x
	for range moveTurn {
		if x.up.Done() || !x.link.Flush() {
			return false
		}
		in := s.box.bytes()
		if len(in) == 0 {
			buf := s.port.w.loop.Buffer()
			if s.client.Ended() {
				s.clientEnded()
				return false
			}
			if !s.client.Readable() {
				return false
			}
			in = buf[:s.receive(buf)]
		}
		rest, out := passBody(&x.up, &x.link.Side, in, s.port.w.scratch[:0])
		x.link.Send(out)
		s.box.keep(rest)
		x.moved = true
		if why := x.up.Failed(); why != http.OK {
			s.requestFailed(why)
			return false
		}
	}
	return true
}

// receive reads from the client into buf, keeping account.
func (s *webSession) receive(buf []byte) int {
	n := s.client.Receive(buf)
	s.port.traffic.moved(uint64(n), 0)
	return n
}

// clientEnded ends an exchange whose client has gone within its request. It may
// still read: a response under way, which may be one until EOF, is broken off.
func (s *webSession) clientEnded() {
	if s.x.headed {
		s.abort(ClientGone, nil)
		return
	}
	s.finish(ClientGone, nil)
}

// passBody sends a body's pieces from in to a side. Small ones are gathered behind
// out, which is what is still to be sent when it returns.
func passBody(b *http.Body, to *relay.Side, in, out []byte) (rest, unsent []byte) {
	for len(in) > 0 && !b.Done() && b.Failed() == http.OK {
		piece, n := b.Next(in)
		in = in[n:]
		if len(out)+len(piece) <= gathered {
			out = append(out, piece...)
			continue
		}
		to.Send(out)
		out = out[:0]
		to.Send(piece)
	}
	return in, out
}

// requestFailed ends an exchange whose request's body is malformed. The backend
// mustn't take what it got for a complete request.
func (s *webSession) requestFailed(why http.Reason) {
	s.x.link.Conn.Reset()
	if s.x.headed {
		s.abort(Malformed, nil)
		return
	}
	s.rejectRequest(why, Malformed)
}

// moveDown moves the response until it is complete, nothing has come or the
// client takes nothing.
func (s *webSession) moveDown() (again bool) {
	x := s.x
	for range moveTurn {
		l := x.link
		if !s.client.Flush() {
			return false
		}
		if !l.Readable() {
			return false
		}
		buf := s.port.w.loop.Buffer()
		n := l.Receive(buf)
		s.port.traffic.moved(0, uint64(n))
		if n > 0 {
			s.heard(l.box.gather(buf[:n]))
		} else if l.Ended() {
			s.backendEnded()
		}
		if s.x != x || x.link != l || s.state != webExchanging {
			return false
		}
	}
	return true
}

// heard passes on what the backend has sent and nobody has consumed yet.
func (s *webSession) heard(in []byte) {
	x, w := s.x, s.port.w
	if !x.answered {
		// The state was entered when the head was forwarded.
		took := w.loop.Now() - s.entered
		s.port.traffic.firstByte.observe(took)
		x.requestRecord.heard(took)
	}
	x.answered, x.moved = true, true
	x.link.report(upstream.Served)
	headed := x.headed
	out := w.scratch[:0]
	for !x.headed {
		n, why := w.parser.Response(&x.response, in, &x.link.scan, &x.about)
		if why != http.OK {
			s.client.Send(out)
			s.rejectResponse(why)
			return
		}
		if n == 0 {
			x.link.box.keep(in)
			s.client.Send(out)
			return
		}
		out = s.appendResponse(out)
		in = in[n:]
		if x.response.Switched() {
			s.client.Send(out)
			s.switched(in)
			return
		}
	}
	in, out = passBody(&x.down, &s.client, in, out)
	s.client.Send(out)
	w.scratch = out[:0]
	x.link.box.keep(nil)
	s.checkResponse(len(in), !headed)
}

// checkResponse ends the exchange when the response has ended, well or not.
// behind is how many bytes came behind it; begun says that its head has just
// been passed on, from when on it must not stall.
func (s *webSession) checkResponse(behind int, begun bool) {
	x := s.x
	switch {
	case x.down.Failed() != http.OK:
		s.abort(BackendMalformed, nil)
	case x.down.Done():
		s.complete(behind == 0)
	case begun:
		x.moved = false
		s.enter(webExchanging, s.port.w.e.cfg().HTTP.Stall)
	}
}

// backendEnded deals with a backend that has closed or broken.
func (s *webSession) backendEnded() {
	x := s.x
	switch {
	case !x.answered && x.reused && x.repeat:
		s.retry()
	case !x.headed:
		x.link.report(upstream.HungUp)
		s.rejectResponse(http.NoResponse)
	case !x.link.Broken() && x.down.End():
		s.complete(false)
	default:
		s.abort(BackendReset, nil)
	}
}

// retry sends the request again, over a fresh connection: the one from the pool
// had died before it could be used.
func (s *webSession) retry() {
	x := s.x
	x.link.close()
	x.link, x.reused = nil, false
	s.approach()
}

// complete ends an exchange whose response has been passed on. clean says that
// nothing came behind it.
func (s *webSession) complete(clean bool) {
	x, w := s.x, s.port.w
	l := x.link
	sent := x.up.Done() && !l.Waiting()
	keep := sent && !x.closes
	x.toClient += l.Received() - x.received
	l.asked += s.requestBytes()
	x.whole, x.link = true, nil
	// What is readable now is an end or bytes nobody asked for.
	if clean && sent && x.response.Reusable() && !l.Ended() && !l.Readable() {
		w.links.put(l)
	} else {
		l.close()
	}
	s.answered(keep)
}

// answered is called when the client has been given a whole response.
func (s *webSession) answered(keep bool) {
	if !keep {
		s.endAnswered()
		return
	}
	s.dropExchange(ClientClosed)
	if s.port.w.e.draining.Load() {
		// Since the response's head was sent, which says otherwise.
		s.end(Drained)
		return
	}
	s.box.release()
	s.enter(webAwaiting, s.port.w.e.cfg().HTTP.KeepAlive)
}

// endAnswered closes the connection behind a whole response. A client that has
// said that it sends nothing more needs no lingering, but for TLS's sake: its
// close_notify may come yet, and ours may find no room now.
func (s *webSession) endAnswered() {
	last := s.x.last && s.x.up.Done() && len(s.box.bytes()) == 0 && s.client.Secured() == nil
	if last && s.client.Flush() {
		s.finish(ClientClosed, nil)
		return
	}
	s.end(ClientClosed)
}

// stalled is called when the deadline of an exchange has passed. It only counts
// if nothing has moved since it was set.
func (s *webSession) stalled() {
	x := s.x
	if x.moved {
		x.moved = false
		s.enter(webExchanging, s.port.w.e.cfg().HTTP.Stall)
		return
	}
	switch {
	case x.headed:
		s.abort(StallTimeout, nil)
	case !x.up.Done() && !x.link.Waiting():
		s.rejectRequest(http.BodyTimeout, StallTimeout)
	default:
		x.link.report(upstream.Silent)
		s.refuse(FirstByteTimeout, nil)
	}
}

// switched turns the exchange into a relay; in is what the backend has sent in
// the other protocol already.
func (s *webSession) switched(in []byte) {
	x := s.x
	s.client.Send(in)
	x.link.Send(s.box.bytes())
	x.link.box.drop()
	s.box.drop()
	s.enter(webSwitched, 0)
	s.relay()
}

// relay moves bytes until both sides have ended.
func (s *webSession) relay() {
	l := s.x.link
	client, backend := s.client.Received(), l.Received()
	status := relay.Run(&s.client, &l.Side, &s.port.w.pipes)
	fromClient, toClient := s.client.Received()-client, l.Received()-backend
	s.port.traffic.moved(fromClient, toClient)
	s.asking = asks(s.asking, fromClient, toClient)
	s.used(s.port.w.e, s.peer, s.moved(), s.port.w.now())
	l.tellNow(l.asked+s.requestBytes(), s.port.w.loop.Began())
	if l.Ended() && !s.client.Ended() {
		s.reason = BackendClosed // unless one of them breaks
	}
	switch status {
	case relay.Done:
		s.finish(s.reason, nil)
	case relay.ClientReset:
		l.Conn.Reset()
		s.finish(ClientReset, nil)
	case relay.BackendReset:
		s.abort(BackendReset, nil)
	}
}
