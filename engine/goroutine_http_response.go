package engine

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// quiet is how long a backend may say nothing before its client is watched. One
// that answers sooner saves a goroutine.
const quiet = 50 * time.Millisecond

// receive passes the response on. again says that the request is to be sent
// once more, over a fresh connection.
func (r *goroutineExchange) receive(resource string) (again, keep bool) {
	s, l := r.s, r.link
	buf := s.port.buffers.Get().(*[]byte)
	defer s.port.buffers.Put(buf)
	var scan http.Scan
	for {
		n, err := l.conn.Read(*buf)
		l.received += uint64(n)
		s.toClient += uint64(n)
		s.face.moved(0, uint64(n))
		switch {
		case n > 0:
			r.noteFirst()
			l.report(upstream.Served)
			r.movedDown.Store(true)
			l.kept = append(l.kept, (*buf)[:n]...)
			if done, keep := r.heard(&scan); done {
				return false, keep
			}
			r.progressed()
		case errors.Is(err, os.ErrDeadlineExceeded) && r.waitsOn():
		default:
			return r.ended(err, resource)
		}
	}
}

// noteFirst notes that the backend has answered.
func (r *goroutineExchange) noteFirst() {
	if !r.answered {
		r.answered = true
		took := time.Since(r.s.started) - r.s.entered
		r.s.face.firstByte.observe(took)
		r.requestRecord.heard(took)
	}
}

// await bounds the wait for the backend.
func (r *goroutineExchange) await(most time.Duration) {
	now := time.Now()
	r.due = now.Add(most)
	if !r.reads {
		most = min(most, quiet)
	}
	_ = r.link.conn.SetReadDeadline(now.Add(most))
}

// progressed is called when a part of the response has come. What came before
// the final head is no reason to expect that soon.
func (r *goroutineExchange) progressed() {
	if r.headed {
		r.await(r.s.port.d.e.cfg().HTTP.Stall)
		return
	}
	r.moved.Store(true)
}

// waitsOn is called when a deadline has passed, and says whether the backend is
// waited for nevertheless: it was quiet only, or something has moved.
func (r *goroutineExchange) waitsOn() bool {
	switch {
	case !r.reads && time.Now().Before(r.due):
		r.startReading()
		_ = r.link.conn.SetReadDeadline(r.due)
	case r.moved.Swap(false):
		r.await(r.s.port.d.e.cfg().HTTP.Stall)
	default:
		return false
	}
	return true
}

// heard passes on what the backend has sent, and says whether the exchange is
// over.
func (r *goroutineExchange) heard(scan *http.Scan) (done, keep bool) {
	s, l := r.s, r.link
	out := s.out[:0]
	for !r.headed {
		n, why := s.parser.Response(&r.response, l.kept, scan, &r.about)
		if why != http.OK {
			if !r.write(out) {
				return true, false
			}
			return true, r.badResponse(http.BadResponse)
		}
		if n == 0 {
			return !r.write(out), false
		}
		out = r.appendResponse(out)
		l.kept = l.kept[n:]
		if r.response.Switched() {
			r.switched(out)
			return true, false
		}
	}
	for len(l.kept) > 0 && !r.down.Done() && r.down.Failed() == http.OK {
		piece, n := r.down.Next(l.kept)
		out = append(out, piece...)
		l.kept = l.kept[n:]
	}
	if s.out = out[:0]; !r.write(out) {
		r.fail()
		return true, false
	}
	switch {
	case r.down.Failed() != http.OK:
		r.fail()
		s.abort(BackendMalformed)
		return true, false
	case r.down.Done():
		return true, r.complete(len(l.kept) == 0)
	}
	return false, false
}

func (r *goroutineExchange) appendResponse(dst []byte) []byte {
	if r.response.Interim() {
		if !r.response.Passes(&r.about) {
			return dst
		}
		return r.response.Append(dst, &r.about, &http.Reply{})
	}
	s := r.s
	e := s.port.d.e
	r.headed, r.status = true, r.response.Status()
	reply := e.reply(!r.uploaded.Load())
	if e.cfg().HTTP.Telemetry {
		reply.Extra = appendTelemetry(nil, r.route, r.cached, time.Since(r.begun))
	}
	r.closes = !r.response.KeepsClient(&r.about, &reply)
	r.response.StartBody(&r.down, &r.about)
	return r.response.Append(dst, &r.about, &reply)
}

// complete ends an exchange whose response has been passed on. clean says that
// nothing came behind it.
func (r *goroutineExchange) complete(clean bool) (keep bool) {
	s := r.s
	sent := r.uploaded.Load()
	r.stopReading()
	if r.upFailure != nil {
		r.fail()
		s.reason, s.state = r.upFailure.reason, webEnded
		return false
	}
	r.whole = true
	draining := s.port.d.e.draining.Load()
	if clean && sent && !r.unsent.Load() && r.response.Reusable() && !draining {
		s.sockets.remove(r.link.conn)
		r.link.asked += r.requestBytes()
		s.port.d.links.put(r.link)
		r.link = nil
	}
	r.dropLink()
	s.reason = ClientClosed
	if sent && !r.closes && draining {
		s.reason = Drained // since the head was sent, which says otherwise
		return false
	}
	return sent && !r.closes
}

// fail ends an exchange whose response can't be passed on whole.
func (r *goroutineExchange) fail() {
	r.stopReading()
	r.link.reset()
	r.dropLink()
}

// ended deals with a backend that has closed, broken or stalled. again says that
// the request is to be sent once more, over a fresh connection.
func (r *goroutineExchange) ended(err error, resource string) (again, keep bool) {
	timedOut := errors.Is(err, os.ErrDeadlineExceeded)
	r.stopReading()
	switch {
	case r.upFailure != nil:
		r.fail()
		r.giveUp(r.upFailure)
	case !r.answered && r.reused && r.repeat && !timedOut:
		return true, false
	case !r.headed && timedOut:
		r.link.report(upstream.Silent)
		r.fail()
		return false, r.refuse(FirstByteTimeout, resource, nil)
	case !r.headed:
		r.link.report(upstream.HungUp)
		return false, r.badResponse(http.NoResponse)
	case err == io.EOF && !broken(r.link.conn.TCPConn) && r.down.End():
		return false, r.complete(false)
	case timedOut:
		r.fail()
		r.s.abort(StallTimeout)
	default:
		r.fail()
		r.s.abort(BackendReset)
	}
	return false, false
}

// badResponse answers for a backend that doesn't speak HTTP, or not any more.
func (r *goroutineExchange) badResponse(why http.Reason) bool {
	r.fail()
	answer := why.Answer()
	return r.reply(&answer, responseReason(why), nil)
}
