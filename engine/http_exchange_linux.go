package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// maxFreeExchanges is how many exchanges a loop keeps for the next requests.
const maxFreeExchanges = 1024

// gathered is how much of a body is copied behind the head, or the chunk, before
// it: one system call for a small message. What is larger isn't copied.
const gathered = 16 << 10

// exchange is one request and its response.
type exchange struct {
	request  http.Request
	response http.Response
	about    http.Exchange
	up, down http.Body // of the request and of the response
	size     int       // of the request's head, which is at the start of the session's box while it waits

	question *question      // valid iff resolving
	sleeper  *sleeper       // valid iff waking
	route    *resolve.Route // of the endpoint that is tried
	link     *link          // nil until there is one
	leg      backendTLS
	approach approach
	deadline time.Duration // of all connection attempts

	// out is the head as the backend was sent it, to be sent again if a
	// connection from the pool turns out dead; or with the beginning of a body.
	out      []byte
	begun    time.Duration // since the loop's start
	received uint64        // what the link had received before this exchange
	toClient uint64        // bytes received from backends for it, but for the link's
	requestRecord

	cached   bool // the route was
	reused   bool // the link came from the pool
	sent     bool // out was, and the session's box holds what is behind the head
	repeat   bool // out is the whole request, which may be sent again
	answered bool // a byte of the response has come
	headed   bool // the final response's head has been passed on
	last     bool // the client makes no further request
	closes   bool // the client was told that its connection ends with it
	moved    bool // something has, since the deadline was set
}

// takeExchange lends an exchange.
func (w *worker) takeExchange() *exchange {
	if last := len(w.exchanges) - 1; last >= 0 {
		x := w.exchanges[last]
		w.exchanges = w.exchanges[:last]
		return x
	}
	return new(exchange)
}

func (w *worker) putExchange(x *exchange) {
	if cap(x.out) > 2*gathered {
		x.out = nil
	}
	*x = exchange{request: x.request, response: x.response, up: x.up, down: x.down, out: x.out[:0]}
	if len(w.exchanges) < maxFreeExchanges {
		w.exchanges = append(w.exchanges, x)
	}
}

// read reads requests and begins them, until one is under way or nothing more
// has come.
func (s *webSession) read() {
	for range setupTurn {
		switch {
		case s.state != webAwaiting && s.state != webReading:
			return
		case s.client.Ended() || s.client.Broken():
			s.finish(s.gone(), nil)
			return
		case !s.client.Flush() || !s.client.Readable():
			return
		}
		buf := s.port.w.loop.Buffer()
		if n := s.receive(buf); n > 0 {
			s.consider(s.box.gather(buf[:n]))
		}
		s.considerKept()
	}
	s.client.Conn.Again()
}

// gone is why a client has closed: between requests it may.
func (s *webSession) gone() Reason {
	switch {
	case s.client.Broken():
		return ClientReset
	case s.requests == 0 || s.state == webReading:
		return ClientGone
	default:
		return ClientClosed
	}
}

// considerKept begins requests that came together with earlier ones, once those
// are answered and the client has taken the answers.
func (s *webSession) considerKept() {
	for s.state == webAwaiting && len(s.box.bytes()) > 0 && s.client.Flush() {
		s.consider(s.box.bytes())
	}
}

// consider looks whether a complete head is at the start of in, all that the
// client has sent and nobody has consumed, and begins the request if so.
func (s *webSession) consider(in []byte) {
	w := s.port.w
	x := w.takeExchange()
	n, why := w.parser.Request(&x.request, in, &s.scan)
	if why != http.OK {
		w.putExchange(x)
		s.reject(why, Malformed)
		return
	}
	if n == 0 {
		w.putExchange(x)
		s.box.keep(in)
		if s.state == webAwaiting {
			s.enter(webReading, w.e.cfg().HTTP.HeadTimeout)
		}
		return
	}
	s.x, x.size = x, n
	s.begin(in)
}

// begin looks up where the request goes.
func (s *webSession) begin(in []byte) {
	x, w := s.x, s.port.w
	s.requests++
	s.port.traffic.requests.Add(1)
	x.about, x.begun = x.request.Exchange(), w.loop.Now()
	x.method, x.start = methodName(x.request.Method()), s.client.Received()-uint64(len(in))
	x.last = !x.about.KeepAlive
	x.request.StartBody(&x.up)
	if most := w.e.cfg().HTTP.RequestsPerConnection; w.e.draining.Load() || most > 0 && int(s.requests) >= most {
		x.about.KeepAlive = false
	}
	key := x.request.Key()
	switch {
	case s.within() && w.e.cfg().HTTP.Direct != nil:
		s.direct(in)
		return
	case len(key) == 0:
		s.hold(in)
		s.rejectRequest(http.BadHost, Malformed)
		return
	case !s.within():
		s.hold(in)
		x.about.KeepAlive = false
		s.refuse(s.excess, nil)
		return
	}
	if route := s.port.routes.Lookup(key); route != nil {
		x.cached = true
		s.routed(route, in)
		return
	}
	s.hold(in)
	s.enter(webResolving, w.e.cfg().Timeouts.Resolve)
	w.lookup(s, string(x.request.Key()))
}

// hold keeps what the client has sent while its request waits.
func (s *webSession) hold(in []byte) {
	s.box.keep(in)
	s.x.request.Rebase(s.box.bytes())
}

// routed goes on with an answer, good or bad. in is what the box holds, or is
// to hold if the request has to wait.
func (s *webSession) routed(route *resolve.Route, in []byte) {
	e := s.port.w.e
	if reason, refused := e.verdict(route); refused {
		s.depart(e, route, s.peer, s.before())
		s.hold(in)
		s.refuse(reason, route.Err)
		return
	}
	if e.mustWait(route) {
		s.hold(in)
		s.awaitStart(route)
		return
	}
	s.arrived(route, nil, in)
}

// before is what the connection had moved when the request under way began.
func (s *webSession) before() moved { return moved{s.x.start, s.toClient} }

// arrived goes on to a route that is ready. place is one at its resource, nil if
// that has to be taken.
func (s *webSession) arrived(route *resolve.Route, place *upstream.Resource, in []byte) {
	if !s.arrive(s.port.w.e, route, place, s.peer, s.before(), s.port.w.now()) {
		s.hold(in)
		s.refuse(s.port.w.e.noPlace(route), nil)
		return
	}
	if s.port.w.e.poolable(route) && s.toPooled(route, in) {
		return
	}
	s.hold(in)
	s.approach()
}

// toPooled sends the request over a connection from the pool, if there is one to
// the route's endpoint.
func (s *webSession) toPooled(route *resolve.Route, in []byte) bool {
	x := s.x
	leg, err := s.port.w.e.backendTLS(s.port.spec, route)
	if err != nil {
		return false // found out again where it can be told
	}
	l := s.port.w.links.take(route.Addrs, leg)
	if l == nil {
		return false
	}
	x.route, x.leg, x.reused = route, leg, true
	s.forward(l, in)
	return true
}

// approach connects to one of the route's endpoints, the first that answers.
func (s *webSession) approach() {
	w, x := s.port.w, s.x
	x.approach = approach{whole: s.route, woken: x.approach.woken}
	x.deadline = w.loop.Now() + w.e.connectTimeout(s.route)
	s.tryEndpoint()
}

// tryEndpoint goes on to the next endpoint that may be had.
func (s *webSession) tryEndpoint() {
	x, e := s.x, s.port.w.e
	choice, found := x.approach.choose(e)
	switch {
	case found:
	case x.approach.wakeable():
		s.awaitStart(s.route)
		return
	default:
		s.refuse(connectReason(x.approach.last), x.approach.err)
		return
	}
	v := visitTo(&choice)
	if len(x.approach.whole.Alternatives) > 0 && !x.sent && s.toPooled(choice.Route, s.box.bytes()) {
		v.leave(0, 0)
		return
	}
	leg, err := e.backendTLS(s.port.spec, choice.Route)
	if err != nil {
		v.leave(0, 0)
		s.refuse(InternalError, err)
		return
	}
	x.route, x.leg = choice.Route, leg
	s.dial(v)
}

// dial starts connecting to the next address.
func (s *webSession) dial(v visit) {
	w, x := s.port.w, s.x
	s.enter(webConnecting, x.approach.share(x.deadline-w.loop.Now()))
	l := &link{w: w, user: s, to: linkKey{*x.approach.next(), x.leg}, visit: v, born: w.loop.Now()}
	x.link = l
	if err := w.loop.Dial(&l.Conn, l.to.addr, &w.e.cfg().Dial, l); err != nil {
		s.connectFailed(upstream.Classify(err), err)
		return
	}
	s.connecting()
}

// connecting asks how the connection attempt stands.
func (s *webSession) connecting() {
	connected, err := s.x.link.Conn.Connected()
	if err != nil {
		s.connectFailed(upstream.Classify(err), err)
		return
	}
	if connected {
		s.x.link.attempted(upstream.Connected)
		s.x.link.stands()
		s.announce()
		if s.x.leg.verify != tlsterm.Off {
			s.secureBackend(&s.x.leg)
			return
		}
		s.forward(s.x.link, s.box.bytes())
	}
}

func (s *webSession) connectTimedOut() { s.connectFailed(upstream.TimedOut, nil) }

// connectFailed tries the next address, or else the next endpoint.
func (s *webSession) connectFailed(o upstream.Outcome, err error) {
	x := s.x
	x.link.attempted(o)
	if len(x.approach.addrs) > 0 {
		v := x.link.visit
		x.link.visit = visit{}
		x.link.close()
		s.dial(v)
		return
	}
	x.approach.failed(o, err)
	x.link.report(o)
	x.link.close()
	x.link = nil
	s.tryEndpoint()
}

// forward sends the request to its backend. in begins with its head, unless
// that was sent before.
func (s *webSession) forward(l *link, in []byte) {
	x := s.x
	l.user, x.link, x.received = s, l, l.Received()
	s.enter(webExchanging, s.port.w.e.cfg().HTTP.FirstByte)
	if x.sent {
		l.Send(x.out)
		s.move()
		return
	}
	x.sent, x.repeat = true, x.up.Done() && x.request.Idempotent()
	var rest []byte
	rest, x.out = passBody(&x.up, &l.Side, in[x.size:], s.appendRequest(x.out[:0]))
	l.Send(x.out)
	s.box.keep(rest)
	if why := x.up.Failed(); why != http.OK {
		s.requestFailed(why)
		return
	}
	s.move()
}
