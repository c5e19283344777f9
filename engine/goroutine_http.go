package engine

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// goroutineWeb is one client's HTTP connection, served by one goroutine, with a
// second one that reads the client while a request's body is on its way or its
// backend is quiet. See webState for what it goes
// through; its deadlines are those of the sockets.
type goroutineWeb struct {
	port    *goroutinePort
	conn    *stream
	peer    netip.AddrPort
	started time.Time
	local   netip.AddrPort // where the client went to, by a proxy's word; zero without
	admission
	trusted bool   // the client is a proxy of ours
	shown   *shown // by the client's TLS, nil without
	sockets sockets
	face    *face

	parser *http.Parser
	routes *resolve.Local
	ids    requestIDs
	scan   http.Scan
	buf    []byte // for reading
	kept   []byte // what the client has sent and nobody has consumed
	out    []byte // for heads

	mu    sync.Mutex // guards what follows, and the read deadline while waits
	waits bool       // for a next request: draining may end it
	// relayed is what the connection has become that has switched protocols.
	relayed *goroutineSession

	received atomic.Uint64
	toClient uint64
	requests int
	lastRoute
	state   webState
	entered time.Duration      // when the state was, since started; 0 before any
	times   timings            // before the first request
	request *goroutineExchange // under way, nil between two
	told    bool               // the line of its last request has the session's reason
	reason  Reason
	cause   error
}

func newGoroutineWeb(p *goroutinePort, conn *stream) *goroutineWeb {
	e := p.d.e
	peer := addrPortOf(conn.RemoteAddr())
	s := &goroutineWeb{
		port: p, conn: conn, peer: peer, started: time.Now(), admission: e.admit(p.spec),
		parser: http.NewParser(e.cfg().HTTP.Limits), ids: newRequestIDs(),
		routes: e.cache.Local(p.spec.Front.Protocol.String()),
		state:  webReading, face: newFace(p, peer),
	}
	s.sockets.add(conn)
	return s
}

// serve is the session's goroutine.
func (s *goroutineWeb) serve() {
	defer s.account()
	defer func() {
		if fault := recover(); fault != nil {
			s.port.d.e.panicked(fault)
			s.reason = Panicked
		}
	}()
	buf := s.port.buffers.Get().(*[]byte)
	defer s.port.buffers.Put(buf)
	s.buf = *buf
	if !s.introduce() || !s.secure() {
		return
	}
	for s.next() {
	}
}

// account ends the session.
func (s *goroutineWeb) account() {
	d := s.port.d
	s.sockets.close()
	if d.stopping() {
		s.reason, s.cause = Drained, nil
	} else if why := s.face.ended(); why.leaves() {
		s.reason, s.cause = why, nil
	}
	d.removeWeb(s)
	s.depart(d.e, s.route, s.peer, moved{s.received.Load(), s.toClient})
	d.e.ended(&ending{
		listener: s.port.spec, client: s.peer, admission: s.admission, route: s.route, state: s.state.state(), reason: s.reason, cause: s.cause,
		age: time.Since(s.started), times: s.times, web: true, told: s.told,
		fromClient: s.received.Load(), toClient: s.toClient,
	})
}

// next serves one request, and says whether another may follow.
func (s *goroutineWeb) next() bool {
	r := &goroutineExchange{s: s}
	defer r.release() // whatever happens
	n, err := s.readHead(r)
	if err != nil {
		s.headFailed(err)
		return false
	}
	if n == 0 {
		return false // has been answered
	}
	s.request = r
	keep := r.serve(n)
	r.log()
	s.request, s.told = nil, !keep
	if !keep && s.state != webEnded && !r.wasLast() {
		s.linger()
	}
	return keep
}

// readHead reads until a request's head is complete, and returns its size. A
// malformed one is answered; the size is 0 then.
func (s *goroutineWeb) readHead(r *goroutineExchange) (int, error) {
	h := &s.port.d.e.cfg().HTTP
	s.deadline(h.HeadTimeout)
	if s.requests > 0 && len(s.kept) == 0 {
		s.await(h.KeepAlive)
	}
	defer s.stopWaiting()
	for {
		if len(s.kept) > 0 {
			n, why := s.parser.Request(&r.request, s.kept, &s.scan)
			if why != http.OK {
				s.reject(why, &http.Exchange{}, Malformed)
				return 0, nil
			}
			if n > 0 {
				return n, nil
			}
		}
		n, err := s.conn.Read(s.buf)
		if n > 0 && s.stopWaiting() {
			s.become(webReading)
			s.deadline(h.HeadTimeout)
		}
		s.count(n)
		s.kept = append(s.kept, s.buf[:n]...)
		if err != nil {
			return 0, err
		}
	}
}

// await enters the wait for a next request, which draining ends.
func (s *goroutineWeb) await(keepAlive time.Duration) {
	s.state, s.kept = webAwaiting, nil
	s.deadline(keepAlive)
	s.mu.Lock()
	s.waits = true
	s.mu.Unlock()
	if s.port.d.e.draining.Load() {
		s.drain()
	}
}

// stopWaiting ends the wait, after which drain leaves the deadline alone. It
// returns whether there was one.
func (s *goroutineWeb) stopWaiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	waited := s.waits
	s.waits = false
	return waited
}

// drain ends a connection that waits for a next request. Any goroutine.
func (s *goroutineWeb) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits {
		_ = s.conn.SetReadDeadline(time.Now())
	}
}

// headFailed deals with a client that goes, or takes too long, before its
// request is complete.
func (s *goroutineWeb) headFailed(err error) {
	timedOut := errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case timedOut && s.port.d.e.draining.Load() && len(s.kept) == 0:
		s.reason = Drained
	case timedOut && len(s.kept) > 0:
		s.reject(http.HeadTimeout, &http.Exchange{}, DetectTimeout)
	case timedOut && s.state == webAwaiting:
		s.reason = IdleTimeout
	case timedOut:
		s.reason = DetectTimeout
	case err == io.EOF && s.state == webAwaiting:
		s.reason = ClientClosed
	case err == io.EOF:
		s.reason = ClientGone
	default:
		s.reason = ClientReset
	}
}

// deadline bounds what is read from and written to the client from now on.
func (s *goroutineWeb) deadline(d time.Duration) { _ = s.conn.SetDeadline(time.Now().Add(d)) }

// reject answers a request that isn't forwarded, and closes.
func (s *goroutineWeb) reject(why http.Reason, about *http.Exchange, reason Reason) {
	answer := why.Answer()
	about.KeepAlive = false
	s.reason = reason
	s.deadline(s.port.d.e.cfg().Timeouts.Flush)
	if _, err := s.conn.Write(answer.Append(s.out[:0], about)); err == nil {
		s.linger()
	}
}

// linger reads and drops what the client still sends, until it closes: unread
// bytes would turn the close into a reset that overtakes the last response.
func (s *goroutineWeb) linger() {
	s.become(webEnding)
	s.deadline(s.port.d.e.cfg().Timeouts.Flush)
	if s.conn.CloseWrite() == nil {
		n, _ := io.Copy(io.Discard, s.conn)
		s.count(int(n))
	}
	s.become(webEnded)
}

// count counts bytes read from the client.
func (s *goroutineWeb) count(n int) {
	s.received.Add(uint64(n))
	s.face.moved(uint64(n), 0)
}

// abort closes the client's connection with a reset, so that what it has got of
// a response doesn't seem complete.
func (s *goroutineWeb) abort(reason Reason) {
	_ = s.conn.SetLinger(0)
	s.reason, s.state = reason, webEnded
}

// resolve finds out where the host lives. cached says that nobody had to be
// asked.
func (s *goroutineWeb) resolve(resource []byte) (route *resolve.Route, cached bool) {
	if route = s.routes.Lookup(resource); route != nil {
		return route, true
	}
	e := s.port.d.e
	s.become(webResolving)
	ctx, cancel := context.WithTimeout(s.port.d.serving, e.cfg().Timeouts.Resolve)
	defer cancel()
	req := visitor{s.peer, s.shown}.request(s.port.spec, string(resource))
	route, err := e.cache.Fetch(ctx, req)
	if err != nil {
		route = &resolve.Route{Request: req, Err: err}
	}
	return route, false
}

// become changes the state.
func (s *goroutineWeb) become(state webState) {
	now := time.Since(s.started)
	s.port.d.e.phases.shards[0].leftWeb(s.state, s.entered, now)
	s.note(now)
	s.state, s.entered = state, now
	s.face.state.Store(uint32(state.state()))
}
