package engine

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/resolve"
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
	size     int    // of the request's head
	before   uint64 // what the session had received from backends
	requestRecord
	head     []byte // as the backend was sent it
	approach approach
	route    *resolve.Route // of the endpoint that is tried
	link     *goroutineLink
	cached   bool // the route was
	sent     bool // the request was, once
	reused   bool // the link came from the pool
	repeat   bool // head is the whole request, which may be sent again
	answered bool // a byte of the response has come
	headed   bool // the final response's head has been passed on
	last     bool // the client makes no further request
	logged   bool // its line was written
	closes   bool // the client was told that its connection ends with it

	connectBy time.Time // of all connection attempts
	due       time.Time // when the wait for the backend is over
	reads     bool      // upload was started
	reading   sync.WaitGroup
	uploaded  atomic.Bool // the client has sent its whole request
	unsent    atomic.Bool // the backend hasn't taken all of it
	moved     atomic.Bool // something has, since due was set
	movedDown atomic.Bool // a part of the response has, since upload looked
	stopped   atomic.Bool // upload is to end
	upFailure *upFailure  // upload's; others look once it has ended
}

// serve serves the request whose head is the first n bytes the session has
// kept. It returns whether the connection goes on.
func (r *goroutineExchange) serve(n int) (keep bool) {
	s := r.s
	e := s.port.d.e
	s.requests++
	s.face.requests.Add(1)
	r.about, r.begun, r.size, r.before = r.request.Exchange(), time.Now(), n, s.toClient
	r.method, r.start = methodName(r.request.Method()), s.received.Load()-uint64(len(s.kept))
	r.last = !r.about.KeepAlive
	r.request.StartBody(&r.up)
	r.uploaded.Store(r.up.Done())
	if most := e.cfg().HTTP.RequestsPerConnection; e.draining.Load() || most > 0 && s.requests >= most {
		r.about.KeepAlive = false
	}
	resource := string(r.request.Key())
	switch {
	case s.within() && e.cfg().HTTP.Direct != nil:
		s.kept = s.kept[n:]
		return r.direct()
	case resource == "":
		r.reject(http.BadHost, Malformed)
		return false
	case !s.within():
		s.kept = s.kept[n:]
		r.about.KeepAlive = false
		return r.refuse(s.excess, resource, nil)
	}
	route, cached := s.resolve(r.request.Key())
	r.cached = cached
	if reason, refused := e.verdict(route); refused {
		s.depart(e, route, s.peer, moved{r.start, s.toClient})
		s.kept = s.kept[n:]
		return r.refuse(reason, resource, route.Err)
	}
	s.kept = s.kept[n:]
	if reason, err := r.arrive(route); err != nil {
		return r.unserved(reason, resource, err)
	}
	r.repeat = r.up.Done() && r.request.Idempotent()
	return r.forward(resource)
}

// arrive settles the session at a route, once that was started if it is cold.
func (r *goroutineExchange) arrive(route *resolve.Route) (Reason, error) {
	if r.s.port.d.e.mustWait(route) {
		return r.awaitStart(route)
	}
	return r.settle(route, nil)
}

// settle settles the session at a route that is ready. place is one at its
// resource, nil if that has to be taken.
func (r *goroutineExchange) settle(route *resolve.Route, place *upstream.Resource) (Reason, error) {
	s, e := r.s, r.s.port.d.e
	if !s.arrive(e, route, place, s.peer, moved{r.start, s.toClient}, e.resources.Now()) {
		return e.noPlace(route), errFull
	}
	s.face.goes(route, s.lastRoute.before)
	r.restart(route)
	return 0, nil
}

// restart begins to look for a connection to one of the route's endpoints.
func (r *goroutineExchange) restart(route *resolve.Route) {
	r.approach = approach{whole: route, woken: r.approach.woken}
	r.connectBy = time.Now().Add(r.s.port.d.e.connectTimeout(route))
}

var errFull = errors.New("the resource has as many sessions as it may")

// awaitStart waits until a resource was started, and settles the session there.
func (r *goroutineExchange) awaitStart(route *resolve.Route) (Reason, error) {
	s := r.s
	e := s.port.d.e
	s.depart(e, route, s.peer, moved{r.start, s.toClient}) // to arrive anew, in turn
	r.approach.woken = true
	s.become(webWaking)
	ctx, done := context.WithTimeoutCause(s.port.d.serving, e.cfg().ColdStart.Timeout, errWakeTimeout)
	defer done()
	req := visitor{s.peer, s.shown}.request(s.port.spec, route.Resource)
	woken, place := e.awaitStart(ctx, req, route, func() bool { return ended(s.conn.TCPConn) })
	if woken.Err != nil {
		return wakeReason(woken.Err), woken.Err
	}
	return r.settle(woken, place)
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
	direct := s.port.d.e.cfg().HTTP.Direct
	r.status = direct.Status
	r.whole = r.write(direct.Append(s.out[:0], &r.about))
	return r.whole && r.about.KeepAlive
}

// stall is when something must have moved.
func (s *goroutineWeb) stall() time.Time { return time.Now().Add(s.port.d.e.cfg().HTTP.Stall) }

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
	answer := refusalAnswer(reason, resource, cause)
	return r.reply(&answer, reason, cause)
}

// unserved is refuse for a client that may have left.
func (r *goroutineExchange) unserved(reason Reason, resource string, cause error) bool {
	if reason == ClientGone {
		r.s.abort(ClientGone)
		return false
	}
	return r.refuse(reason, resource, cause)
}

// reply answers in the backend's place. The connection goes on if the client
// has sent its whole request.
func (r *goroutineExchange) reply(answer *http.Answer, reason Reason, cause error) bool {
	s := r.s
	r.requestRecord.refuse(answer.Status, reason, cause)
	r.stopReading()
	r.about.KeepAlive = r.about.KeepAlive && r.uploaded.Load()
	s.port.d.e.counters.refused[reason].Add(1)
	s.reason = reason
	return r.write(answer.Append(s.out[:0], &r.about)) && r.about.KeepAlive
}

// forward sends the request to its backend and passes the response on.
func (r *goroutineExchange) forward(resource string) bool {
	s := r.s
	for {
		if reason, err := r.connect(); err != nil {
			return r.unserved(reason, resource, err)
		}
		s.become(webExchanging)
		r.send()
		if again, keep := r.receive(resource); !again {
			return keep
		}
		r.dropLink()
		r.reused = false
		r.restart(s.route)
	}
}

// connect gets a connection to one of the route's endpoints, the first that
// answers: from the pool, unless the last one from there was dead.
func (r *goroutineExchange) connect() (Reason, error) {
	for {
		if r.s.port.d.e.poolable(r.approach.whole) && r.take(r.approach.whole) {
			return 0, nil
		}
		choice, found := r.approach.choose(r.s.port.d.e)
		switch {
		case found:
		case r.approach.wakeable():
			if reason, err := r.awaitStart(r.approach.whole); err != nil {
				return reason, err
			}
			continue
		default:
			return connectReason(r.approach.last), r.approach.err
		}
		v := visitTo(&choice)
		if len(r.approach.whole.Alternatives) > 0 && r.take(choice.Route) {
			v.leave(0, 0)
			return 0, nil
		}
		if fatal, reason, err := r.visit(choice.Route, v); fatal || err == nil {
			return reason, err
		}
	}
}

// take takes a connection to the route's endpoint from the pool, and says
// whether there is one.
func (r *goroutineExchange) take(route *resolve.Route) bool {
	s := r.s
	leg, err := s.port.d.e.backendTLS(s.port.spec, route)
	if err != nil || r.sent {
		return false // the error is found out again where it can be told
	}
	l := s.port.d.links.take(route.Addrs, leg)
	if l == nil {
		return false
	}
	s.sockets.add(l.conn)
	r.link, r.route, r.reused = l, route, true
	return true
}

// visit connects to an endpoint. fatal says that an error isn't one that another
// endpoint could help.
func (r *goroutineExchange) visit(route *resolve.Route, v visit) (fatal bool, reason Reason, err error) {
	leg, err := r.s.port.d.e.backendTLS(r.s.port.spec, route)
	if err != nil {
		v.leave(0, 0)
		return true, InternalError, err
	}
	if err := r.dial(leg, &v); err != nil {
		r.approach.failed(upstream.Classify(err), err)
		v.report(upstream.Classify(err))
		v.leave(0, 0)
		return err == errDraining, connectReason(upstream.Classify(err)), err
	}
	r.route = route
	r.announce()
	if err := r.secure(leg); err != nil {
		r.link.report(upstream.HandshakeFailed)
		r.dropLink()
		return true, backendHandshakeReason(err), err
	}
	return false, 0, nil
}

// dial connects to one of the chosen endpoint's addresses, the first that
// answers. The visit is then the link's.
func (r *goroutineExchange) dial(leg backendTLS, v *visit) (failure error) {
	s := r.s
	d := s.port.d
	s.become(webConnecting)
	for len(r.approach.addrs) > 0 {
		share := r.approach.share(time.Until(r.connectBy))
		addr := *r.approach.next()
		conn, err := d.dial(d.serving, addr, share)
		v.attempted(upstream.Classify(err))
		if err == nil && s.sockets.add(conn) {
			r.link = &goroutineLink{conn: conn, to: linkKey{addr, leg}, visit: *v, born: time.Now(), counted: &d.e.links.shards[0]}
			r.link.counted.created.Add(1)
			return nil
		}
		if failure = err; err == nil {
			return errDraining
		}
	}
	return failure
}

var errDraining = errors.New("the session is being ended")

// release gives back what an exchange that has ended still has.
func (r *goroutineExchange) release() {
	r.stopReading()
	r.dropLink()
}

// dropLink closes the backend's connection.
func (r *goroutineExchange) dropLink() {
	if r.link != nil {
		r.s.sockets.remove(r.link.conn)
		if r.sent {
			r.link.asked += r.requestBytes()
		}
		r.link.close()
		r.link = nil
	}
}

// send sends the request. What is wrong with the connection shows when the
// response is read.
func (r *goroutineExchange) send() {
	s := r.s
	h := &s.port.d.e.cfg().HTTP
	if r.head == nil || h.BackendHost {
		r.head = h.appendRequest(nil, &r.request, &s.ids, forwarded{client: s.peer, trusted: s.trusted, tls: s.shown != nil, endpoint: r.route.Endpoint})
	}
	r.sent = true
	_ = r.link.conn.SetWriteDeadline(time.Now().Add(h.FirstByte))
	_, err := r.link.conn.Write(r.head)
	r.unsent.Store(err != nil)
	r.stopped.Store(false)
	if !r.up.Done() {
		r.startReading()
	}
	r.await(h.FirstByte)
}

// wasLast says that nothing more can come from the client, which has been
// answered: its connection needs no lingering. TLS does: for the close_notify of
// either.
func (r *goroutineExchange) wasLast() bool {
	return r.last && r.uploaded.Load() && len(r.s.kept) == 0 && r.s.conn.tls == nil
}
