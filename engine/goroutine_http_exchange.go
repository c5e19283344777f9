package engine

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// goroutineExchange is one request and its response.
type goroutineExchange struct {
	s        *goroutineWeb
	request  http.Request
	response http.Response
	about    http.Exchange
	up, down http.Body
	begun    time.Time
	head     []byte // as the backend was sent it
	link     *goroutineLink
	cached   bool // the route was
	reused   bool // the link came from the pool
	repeat   bool // head is the whole request, which may be sent again
	answered bool // a byte of the response has come
	headed   bool // the final response's head has been passed on
	closes   bool // the client was told that its connection ends with it
	sends    bool // upload was started

	uploading sync.WaitGroup
	uploaded  atomic.Bool // the client has sent its whole request
	unsent    atomic.Bool // the backend hasn't taken all of it
	movedUp   atomic.Bool // a part of the body has, since receive looked
	movedDown atomic.Bool // a part of the response has, since upload looked
	stopped   atomic.Bool // upload is to end
	upFailure *upFailure  // upload's; others look once it has ended
}

// upFailure is why a request's body can't be completed.
type upFailure struct {
	why    http.Reason // what the client is told, http.OK for nothing
	reason Reason
}

// serve serves the request whose head is the first n bytes the session has
// kept. It returns whether the connection goes on.
func (r *goroutineExchange) serve(n int) (keep bool) {
	s := r.s
	e := s.port.d.e
	s.requests++
	e.counters.requests.Add(1)
	r.about, r.begun = r.request.Exchange(), time.Now()
	r.request.StartBody(&r.up)
	r.uploaded.Store(r.up.Done())
	if most := e.cfg.HTTP.RequestsPerConnection; e.draining.Load() || most > 0 && s.requests >= most {
		r.about.KeepAlive = false
	}
	resource := string(r.request.Key())
	switch {
	case s.within && e.cfg.HTTP.Direct != nil:
		s.kept = s.kept[n:]
		return r.direct()
	case resource == "":
		s.reject(http.BadHost, &r.about, Malformed)
		return false
	case !s.within:
		s.kept = s.kept[n:]
		return r.refuse(TooManySessions, resource, nil)
	}
	route, cached := s.resolve(r.request.Key())
	r.cached = cached
	s.track(route)
	if reason, refused := verdict(s.route); refused {
		s.kept = s.kept[n:]
		return r.refuse(reason, resource, s.route.Err)
	}
	r.head = e.cfg.HTTP.appendRequest(nil, &r.request, &s.ids, forwarded{s.peer, s.trusted, s.route.Endpoint})
	r.repeat = r.up.Done() && r.request.Idempotent()
	s.kept = s.kept[n:]
	return r.forward(resource)
}

// direct answers without a backend, once the body has been read and dropped.
func (r *goroutineExchange) direct() bool {
	s := r.s
	if !r.up.Done() && !r.about.Expects {
		if failure := r.drain(); failure != nil {
			r.giveUp(failure)
			return false
		}
	}
	r.about.KeepAlive = r.about.KeepAlive && r.up.Done()
	return r.write(s.port.d.e.cfg.HTTP.Direct.Append(s.out[:0], &r.about)) && r.about.KeepAlive
}

// drain reads and drops the body.
func (r *goroutineExchange) drain() *upFailure {
	s := r.s
	for !r.up.Done() {
		if len(s.kept) == 0 {
			if err := s.readMore(); err != nil {
				return err
			}
		}
		_, n := r.up.Next(s.kept)
		s.kept = s.kept[n:]
		if why := r.up.Failed(); why != http.OK {
			return &upFailure{why, Malformed}
		}
	}
	return nil
}

// readMore reads from the client once.
func (s *goroutineWeb) readMore() *upFailure {
	_ = s.conn.SetReadDeadline(s.stall())
	return s.readNow()
}

func (s *goroutineWeb) readNow() *upFailure {
	n, err := s.conn.Read(s.buf)
	s.received.Add(uint64(n))
	s.kept = append(s.kept[:0], s.buf[:n]...)
	switch {
	case n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &upFailure{http.BodyTimeout, StallTimeout}
	case err == io.EOF:
		return &upFailure{http.OK, ClientGone}
	default:
		return &upFailure{http.OK, ClientReset}
	}
}

// stall is when something must have moved.
func (s *goroutineWeb) stall() time.Time { return time.Now().Add(s.port.d.e.cfg.HTTP.Stall) }

// write writes to the client. false means that it takes nothing any more.
func (r *goroutineExchange) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	s := r.s
	_ = s.conn.SetWriteDeadline(s.stall())
	if _, err := s.conn.Write(b); err != nil {
		reason := ClientReset
		if errors.Is(err, os.ErrDeadlineExceeded) {
			reason = StallTimeout
		}
		s.abort(reason)
		return false
	}
	return true
}

// refuse answers that the request can't be served, and why.
func (r *goroutineExchange) refuse(reason Reason, resource string, cause error) bool {
	s := r.s
	s.port.d.e.log.refused(s.port.spec, s.peer, resource, reason, cause)
	answer := refusalAnswer(reason, resource)
	return r.reply(&answer, reason)
}

// reply answers in the backend's place. The connection goes on if the client
// has sent its whole request.
func (r *goroutineExchange) reply(answer *http.Answer, reason Reason) bool {
	s := r.s
	r.stopUpload()
	r.about.KeepAlive = r.about.KeepAlive && r.uploaded.Load()
	s.port.d.e.counters.refused[reason].Add(1)
	s.reason = reason
	return r.write(answer.Append(s.out[:0], &r.about)) && r.about.KeepAlive
}

// forward sends the request to its backend and passes the response on.
func (r *goroutineExchange) forward(resource string) bool {
	s := r.s
	r.link = s.port.d.links.take(s.route.Addrs)
	r.reused = r.link != nil
	if r.reused {
		s.sockets.add(r.link.conn)
	}
	for {
		if r.link == nil {
			if o, err := r.dial(); err != nil {
				return r.refuse(connectReason(o), resource, err)
			}
		}
		s.state = webExchanging
		r.send()
		again, keep := r.receive(resource)
		if !again {
			return keep
		}
		r.dropLink()
		r.reused = false
	}
}

// dial connects to one of the route's addresses, the first that answers.
func (r *goroutineExchange) dial() (upstream.Outcome, error) {
	s := r.s
	d := s.port.d
	s.state = webConnecting
	endpoint := d.e.endpoints.Acquire(s.route.Endpoint)
	deadline := time.Now().Add(d.e.connectTimeout(s.route))
	var failure error
	for i, addr := range s.route.Addrs {
		share := upstream.ConnectTimeout(time.Until(deadline), len(s.route.Addrs)-i)
		conn, err := d.dial(d.serving, addr, share)
		endpoint.Attempted(upstream.Classify(err))
		if err == nil && s.sockets.add(conn) {
			r.link = &goroutineLink{conn: conn, addr: addr, endpoint: endpoint, born: time.Now()}
			return upstream.Connected, nil
		}
		if failure = err; err == nil {
			failure = errDraining
			break
		}
	}
	endpoint.Release(0, 0)
	return upstream.Classify(failure), failure
}

var errDraining = errors.New("the session is being ended")

// dropLink closes the backend's connection.
func (r *goroutineExchange) dropLink() {
	if r.link != nil {
		r.s.sockets.remove(r.link.conn)
		r.link.close()
		r.link = nil
	}
}

// send sends the request. What is wrong with the connection shows when the
// response is read.
func (r *goroutineExchange) send() {
	_ = r.link.conn.SetDeadline(time.Now().Add(r.s.port.d.e.cfg.HTTP.FirstByte))
	_, err := r.link.conn.Write(r.head)
	r.unsent.Store(err != nil)
	if !r.up.Done() {
		r.sends = true
		r.uploading.Go(r.upload)
	}
}

// upload passes the request's body on. A panic is the end of this session alone.
func (r *goroutineExchange) upload() {
	defer func() {
		if fault := recover(); fault != nil {
			r.s.port.d.e.panicked(fault)
			r.uploadFailed(&upFailure{http.OK, Panicked})
		}
	}()
	s := r.s
	for !r.up.Done() {
		if len(s.kept) == 0 {
			if failure := r.readUp(); failure != nil {
				if !r.stopped.Load() {
					r.uploadFailed(failure)
				}
				return
			}
		}
		piece, n := r.up.Next(s.kept)
		// Consumed, sent or not: what stays is the next request.
		s.kept = s.kept[n:]
		if why := r.up.Failed(); why != http.OK {
			r.uploadFailed(&upFailure{why, Malformed})
			return
		}
		// Before the last piece is sent: the response may be faster than we are.
		r.uploaded.Store(r.up.Done())
		if !r.sendUp(piece) {
			r.unsent.Store(true)
			return // the response's reader finds out
		}
		r.movedUp.Store(true)
	}
}

// readUp reads more of the body. It may rest while the response moves.
func (r *goroutineExchange) readUp() *upFailure {
	s := r.s
	for {
		_ = s.conn.SetReadDeadline(s.stall())
		if r.stopped.Load() { // only now: stopUpload's deadline stands if it comes later
			return &upFailure{http.OK, ClientClosed}
		}
		failure := s.readNow()
		if failure == nil || failure.reason != StallTimeout || r.stopped.Load() || !r.movedDown.Swap(false) {
			return failure
		}
	}
}

// sendUp sends a piece of the body, and says whether the backend has taken it.
// It may rest while the response moves.
func (r *goroutineExchange) sendUp(piece []byte) bool {
	for {
		_ = r.link.conn.SetWriteDeadline(r.s.stall())
		if r.stopped.Load() { // see readUp
			return false
		}
		n, err := r.link.conn.Write(piece)
		if err == nil {
			return true
		}
		piece = piece[n:]
		if !errors.Is(err, os.ErrDeadlineExceeded) || r.stopped.Load() || !r.movedDown.Swap(false) {
			return false
		}
	}
}

// uploadFailed ends an exchange whose request can't be completed: the backend
// mustn't take what it got for a whole one.
func (r *goroutineExchange) uploadFailed(failure *upFailure) {
	r.upFailure = failure
	r.link.reset()
	_ = r.link.conn.Close()
}

// stopUpload ends the goroutine of the body, if there is one.
func (r *goroutineExchange) stopUpload() {
	if !r.sends {
		return
	}
	r.sends = false
	r.stopped.Store(true)
	_ = r.s.conn.SetReadDeadline(time.Now())
	_ = r.link.conn.SetWriteDeadline(time.Now())
	r.uploading.Wait()
}

// release gives back what an exchange that has ended still has.
func (r *goroutineExchange) release() {
	r.stopUpload()
	r.dropLink()
}

// giveUp ends the session for a request that can't be completed.
func (r *goroutineExchange) giveUp(failure *upFailure) {
	s := r.s
	switch {
	case r.headed || failure.reason == Panicked:
		s.abort(failure.reason)
	case failure.why == http.OK:
		s.reason, s.state = failure.reason, webEnded
	default:
		s.reject(failure.why, &r.about, failure.reason)
	}
}

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
		if n > 0 {
			r.answered = true
			r.movedDown.Store(true)
			l.kept = append(l.kept, (*buf)[:n]...)
			if done, keep := r.heard(&scan); done {
				return false, keep
			}
			_ = l.conn.SetReadDeadline(s.stall())
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && r.movedUp.Swap(false) {
			_ = l.conn.SetReadDeadline(s.stall())
			continue
		}
		if !r.answered && r.reused && r.repeat && !errors.Is(err, os.ErrDeadlineExceeded) {
			return true, false
		}
		return false, r.ended(err, resource)
	}
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
	r.headed = true
	reply := e.reply(!r.uploaded.Load())
	if e.cfg.HTTP.Telemetry {
		reply.Extra = appendTelemetry(nil, s.route, r.cached, time.Since(r.begun))
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
	r.stopUpload()
	if clean && sent && !r.unsent.Load() && r.response.Reusable() {
		s.sockets.remove(r.link.conn)
		s.port.d.links.put(r.link)
		r.link = nil
	}
	r.dropLink()
	s.reason = ClientClosed
	return sent && !r.closes && !s.port.d.e.draining.Load()
}

// fail ends an exchange whose response can't be passed on whole.
func (r *goroutineExchange) fail() {
	r.stopUpload()
	r.link.reset()
	r.dropLink()
}

// ended deals with a backend that has closed, broken or stalled.
func (r *goroutineExchange) ended(err error, resource string) bool {
	s := r.s
	timedOut := errors.Is(err, os.ErrDeadlineExceeded)
	r.stopUpload()
	switch {
	case r.upFailure != nil:
		r.fail()
		r.giveUp(r.upFailure)
		return false
	case !r.headed && timedOut:
		r.fail()
		return r.refuse(FirstByteTimeout, resource, nil)
	case !r.headed:
		return r.badResponse(http.NoResponse)
	case err == io.EOF && !broken(r.link.conn) && r.down.End():
		return r.complete(false)
	case timedOut:
		r.fail()
		s.abort(StallTimeout)
		return false
	default:
		r.fail()
		s.abort(BackendReset)
		return false
	}
}

// badResponse answers for a backend that doesn't speak HTTP, or not any more.
func (r *goroutineExchange) badResponse(why http.Reason) bool {
	r.fail()
	answer := why.Answer()
	return r.reply(&answer, BackendMalformed)
}

// switched turns the exchange into a relay: out is the head of the 101.
func (r *goroutineExchange) switched(out []byte) {
	s, l := r.s, r.link
	s.state = webSwitched
	if !r.write(append(out, l.kept...)) {
		r.fail()
		return
	}
	_ = s.conn.SetDeadline(time.Time{})
	_ = l.conn.SetDeadline(time.Time{})
	client := &peer{conn: s.conn, box: inbox{s.kept}}
	backend := &peer{conn: l.conn}
	s.kept = nil
	var relaying sync.WaitGroup
	relaying.Go(func() { r.relay(client, backend) })
	r.relay(backend, client)
	relaying.Wait()
	s.received.Add(client.received)
	s.toClient += backend.received
	l.received += backend.received
	s.reason, s.state = ClientClosed, webEnded
	r.dropLink()
}

// relay passes on what comes from one side until its end, and then the end; a
// side that breaks resets the other.
func (r *goroutineExchange) relay(from, to *peer) {
	if err := pass(from, to); err == nil || err == io.EOF {
		_ = to.conn.CloseWrite()
		return
	}
	_ = to.conn.SetLinger(0)
	_ = from.conn.SetLinger(0)
	_ = to.conn.Close()
	_ = from.conn.Close()
}
