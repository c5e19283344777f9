package engine

import (
	"errors"
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
	last     bool // the client makes no further request
	closes   bool // the client was told that its connection ends with it

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
	e.counters.requests.Add(1)
	r.about, r.begun = r.request.Exchange(), time.Now()
	r.last = !r.about.KeepAlive
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
	s.track(e, route, s.peer, s.received.Load(), s.toClient)
	if reason, refused := verdict(s.route); refused {
		s.kept = s.kept[n:]
		return r.refuse(reason, resource, s.route.Err)
	}
	r.head = e.cfg.HTTP.appendRequest(nil, &r.request, &s.ids, forwarded{client: s.peer, trusted: s.trusted, tls: s.shown != nil, endpoint: s.route.Endpoint})
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
	r.stopReading()
	r.about.KeepAlive = r.about.KeepAlive && r.uploaded.Load()
	s.port.d.e.counters.refused[reason].Add(1)
	s.reason = reason
	return r.write(answer.Append(s.out[:0], &r.about)) && r.about.KeepAlive
}

// forward sends the request to its backend and passes the response on.
func (r *goroutineExchange) forward(resource string) bool {
	s := r.s
	leg, err := s.port.d.e.backendTLS(s.port.spec, s.route)
	if err != nil {
		return r.refuse(InternalError, resource, err)
	}
	r.link = s.port.d.links.take(s.route.Addrs, leg)
	r.reused = r.link != nil
	if r.reused {
		s.sockets.add(r.link.conn)
	}
	for {
		if r.link == nil {
			if o, err := r.dial(leg); err != nil {
				return r.refuse(connectReason(o), resource, err)
			}
			if err := r.secure(leg); err != nil {
				r.dropLink()
				return r.refuse(backendHandshakeReason(err), resource, err)
			}
		}
		s.state = webExchanging
		r.send()
		if again, keep := r.receive(resource); !again {
			return keep
		}
		r.dropLink()
		r.reused = false
	}
}

// dial connects to one of the route's addresses, the first that answers.
func (r *goroutineExchange) dial(leg backendTLS) (upstream.Outcome, error) {
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
			r.link = &goroutineLink{conn: conn, to: linkKey{addr, leg}, endpoint: endpoint, born: time.Now()}
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

// release gives back what an exchange that has ended still has.
func (r *goroutineExchange) release() {
	r.stopReading()
	r.dropLink()
}

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
	h := &r.s.port.d.e.cfg.HTTP
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
