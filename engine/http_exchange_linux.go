package engine

import (
	"net/netip"
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

	question *question // valid iff resolving
	link     *link     // nil until there is one
	leg      backendTLS
	addrs    []netip.AddrPort
	deadline time.Duration // of all connection attempts

	// out is the head as the backend was sent it, to be sent again if a
	// connection from the pool turns out dead; or with the beginning of a body.
	out      []byte
	begun    time.Duration // since the loop's start
	received uint64        // what the link had received before this exchange

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
		if n := s.client.Receive(buf); n > 0 {
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
			s.enter(webReading, w.e.cfg.HTTP.HeadTimeout)
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
	w.e.counters.requests.Add(1)
	x.about, x.begun = x.request.Exchange(), w.loop.Now()
	x.last = !x.about.KeepAlive
	x.request.StartBody(&x.up)
	if most := w.e.cfg.HTTP.RequestsPerConnection; w.e.draining.Load() || most > 0 && s.requests >= most {
		x.about.KeepAlive = false
	}
	key := x.request.Key()
	switch {
	case s.within && w.e.cfg.HTTP.Direct != nil:
		s.direct(in)
		return
	case len(key) == 0:
		s.hold(in)
		s.rejectRequest(http.BadHost, Malformed)
		return
	case !s.within:
		s.hold(in)
		s.refuse(TooManySessions, nil)
		return
	}
	if route := s.port.routes.Lookup(key); route != nil {
		x.cached = true
		s.routed(route, in)
		return
	}
	s.hold(in)
	s.enter(webResolving, w.e.cfg.Timeouts.Resolve)
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
	s.track(s.port.w.e, route, s.peer, s.client.Received(), s.toClient)
	if reason, refused := verdict(route); refused {
		s.hold(in)
		s.refuse(reason, route.Err)
		return
	}
	leg, err := s.port.w.e.backendTLS(s.port.spec, route)
	if err != nil {
		s.hold(in)
		s.refuse(InternalError, err)
		return
	}
	s.x.leg = leg
	if l := s.port.w.links.take(route.Addrs, s.x.leg); l != nil {
		s.x.reused = true
		s.forward(l, in)
		return
	}
	s.hold(in)
	s.dialAny()
}

// dialAny connects to one of the route's addresses, the first that answers.
func (s *webSession) dialAny() {
	w := s.port.w
	s.x.addrs = s.route.Addrs
	s.x.deadline = w.loop.Now() + w.e.connectTimeout(s.route)
	s.dial()
}

func (s *webSession) dial() {
	w, x := s.port.w, s.x
	left := x.deadline - w.loop.Now()
	s.enter(webConnecting, max(upstream.ConnectTimeout(left, len(x.addrs)), 1))
	l := &link{w: w, user: s, to: linkKey{x.addrs[0], x.leg}, endpoint: w.e.endpoints.Acquire(s.route.Endpoint), born: w.loop.Now()}
	x.link, x.addrs = l, x.addrs[1:]
	if err := w.loop.Dial(&l.Conn, l.to.addr, &w.e.cfg.Dial, l); err != nil {
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
		s.x.link.endpoint.Attempted(upstream.Connected)
		if s.x.leg.verify != tlsterm.Off {
			s.secureBackend(&s.x.leg)
			return
		}
		s.forward(s.x.link, s.box.bytes())
	}
}

func (s *webSession) connectTimedOut() { s.connectFailed(upstream.TimedOut, nil) }

// connectFailed tries the next address, or gives up.
func (s *webSession) connectFailed(o upstream.Outcome, err error) {
	x := s.x
	x.link.endpoint.Attempted(o)
	x.link.close()
	x.link = nil
	if len(x.addrs) > 0 {
		s.dial()
		return
	}
	s.refuse(connectReason(o), err)
}

// forward sends the request to its backend. in begins with its head, unless
// that was sent before.
func (s *webSession) forward(l *link, in []byte) {
	x := s.x
	l.user, x.link, x.received = s, l, l.Received()
	s.enter(webExchanging, s.port.w.e.cfg.HTTP.FirstByte)
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
