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

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// maxBranches is how many backends one client may use at once.
const maxBranches = 16

// detailBranches is what a client is told that wants more.
const detailBranches = "this connection uses as many at once as it may"

// multiplexes says that a listener's sessions have several backends. The goroutine
// driver serves it, whatever the implementation.
func (l *Listener) multiplexes() bool { return l.Front.Multiplex.New != nil }

// goroutineMultiplex is one client's connection that uses several backends. The
// client's goroutine reads it, request by request, and finds each its branch,
// whose goroutine brings the answers back:
//
//	client's goroutine:  request ─► resource ─► branch, connected at first ─► backend
//	branch's goroutine:  client ◄─ whole answers, one after the other ◄──── backend
//
// A request that is on its way to a slow backend keeps those behind it waiting,
// as an answer does that the client doesn't read. A branch that ends takes no
// other with it, unless the client has got half of an answer.
type goroutineMultiplex struct {
	port    *goroutinePort
	conn    *stream
	addr    netip.AddrPort // the client's
	started time.Time
	local   netip.AddrPort // where the client went to, by a proxy's word; zero without
	admission
	sockets sockets
	face    *face
	leaves  atomic.Bool     // no request is taken any more: others have ended it
	ctx     context.Context // ends with the session
	end     context.CancelFunc
	shown   *shown // by the client's TLS, nil without

	// What follows is the client's goroutine's.
	mux      codecs.Multiplexer
	buf      []byte // for reading
	kept     []byte // what the client has sent and nobody has consumed
	state    State
	entered  time.Duration // when the state was, since started; 0 before any
	times    timings
	received uint64
	patient  bool             // the multiplexer serves the client itself
	passing  *goroutineBranch // has a part of the request, nil for none
	last     *resolve.Route   // by which a request was passed on last, nil before

	working  sync.WaitGroup // the branches
	writing  sync.Mutex     // to the client: held for a whole answer
	toClient atomic.Uint64

	mu       sync.Mutex // guards what follows
	branches map[string]*goroutineBranch
	reason   Reason // of the first cause
	cause    error
	ended    bool // reason is decided
}

func newGoroutineMultiplex(p *goroutinePort, conn *stream) *goroutineMultiplex {
	s := &goroutineMultiplex{
		port: p, conn: conn, addr: addrPortOf(conn.RemoteAddr()), started: time.Now(), admission: p.d.e.admit(p.spec),
		branches: make(map[string]*goroutineBranch), face: newFace(p, addrPortOf(conn.RemoteAddr())),
	}
	s.face.stays = s.stays
	s.ctx, s.end = context.WithCancel(p.d.serving)
	s.sockets.add(conn)
	return s
}

// serve is the client's goroutine.
func (s *goroutineMultiplex) serve() {
	defer s.account()
	defer s.guard()
	buf := s.port.buffers.Get().(*[]byte)
	defer s.port.buffers.Put(buf)
	s.buf = *buf
	if !s.introduce() || !s.secure() {
		return
	}
	s.enter(Detecting, s.port.d.e.cfg().Timeouts.Detect)
	for s.next() {
	}
}

// guard turns a panic of one of the goroutines into the end of this session alone.
func (s *goroutineMultiplex) guard() {
	if fault := recover(); fault != nil {
		s.port.d.e.panicked(fault)
		s.finish(Panicked, nil)
	}
}

// finish closes all sockets, which ends the goroutines. Only the first reason
// counts.
func (s *goroutineMultiplex) finish(reason Reason, cause error) {
	s.decide(reason, cause)
	s.end()
	s.sockets.close()
}

// decide says why the session ends. Only the first word counts.
func (s *goroutineMultiplex) decide(reason Reason, cause error) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.port.d.stopping() {
		reason, cause = Drained, nil
	}
	if s.ended {
		return false
	}
	s.reason, s.cause, s.ended = reason, cause, true
	return true
}

// account ends the session, once all goroutines are done.
func (s *goroutineMultiplex) account() {
	d := s.port.d
	s.finish(ClientGone, nil) // unless it has a reason
	s.working.Wait()
	s.times.note(s.state, s.entered, time.Since(s.started))
	d.removeMultiplex(s)
	d.e.ended(&ending{
		listener: s.port.spec, client: s.addr, admission: s.admission, route: s.last, state: s.state, reason: s.reason, cause: s.cause,
		age: time.Since(s.started), times: s.times, fromClient: s.received, toClient: s.toClient.Load(),
	})
}

// enter changes the state and starts its deadline, 0 for none.
func (s *goroutineMultiplex) enter(state State, deadline time.Duration) {
	if s.state != state || s.entered == 0 {
		now := time.Since(s.started)
		s.port.d.e.phases.shards[0].left(s.state, s.entered, now)
		s.times.note(s.state, s.entered, now)
		s.state, s.entered = state, now
		s.face.state.Store(uint32(state))
	}
	var at time.Time
	if deadline > 0 {
		at = time.Now().Add(deadline)
	}
	_ = s.conn.SetDeadline(at)
	if state == Standing && s.leaves.Load() {
		_ = s.conn.SetReadDeadline(wakeUp)
	}
}

// next has the multiplexer look at what the client has sent, or reads more. false
// means that the session has come to its end.
func (s *goroutineMultiplex) next() bool {
	if len(s.kept) == 0 {
		return s.read()
	}
	step := s.mux.Client(s.kept)
	s.write(step.ToClient)
	s.drop(step.Consumed)
	switch step.Action {
	case codecs.Route:
		return s.route(string(step.Resource))
	case codecs.Fail:
		s.say(failureReason(step.Failure), step.Failure, failureCause(step.Failure))
		return false
	}
	switch {
	case step.Patient && s.state == Detecting && s.within():
		s.patient = true
		s.enter(Detecting, s.port.d.e.cfg().Timeouts.Idle)
		return true
	case step.Consumed > 0:
		return true
	case len(s.kept) >= s.port.spec.Front.Multiplex.MaxPending:
		s.say(Malformed, tooLong, nil)
		return false
	}
	return s.read()
}

// drop forgets the first n bytes that the client has sent.
func (s *goroutineMultiplex) drop(n int) {
	if s.kept = s.kept[n:]; len(s.kept) == 0 {
		s.kept = nil
	}
}

// read waits for more of the client's bytes.
func (s *goroutineMultiplex) read() bool {
	n, err := s.conn.Read(s.buf)
	s.count(n)
	s.kept = append(s.kept, s.buf[:n]...)
	if err == nil {
		return true
	}
	s.lost(err)
	return false
}

// lost ends a session whose client has left, or was silent for too long.
func (s *goroutineMultiplex) lost(err error) {
	if s.passing != nil {
		_ = s.passing.conn.SetLinger(0) // it has half a request
	}
	switch {
	case s.leaves.Load():
		s.leave(func(*resolve.Route) bool { return true }, s.reason)
		s.working.Wait() // until all is answered
		s.part(nil)
	case s.state == Detecting && errors.Is(err, os.ErrDeadlineExceeded):
		reason, failure, cause := detectTimedOut(s.patient)
		s.say(reason, failure, cause)
	case s.state == Detecting:
		s.finish(ClientGone, nil)
	case err == io.EOF:
		s.finish(ClientClosed, nil)
	default:
		s.finish(ClientReset, nil)
	}
}

// write writes to the client, between two answers. A client that is broken shows
// when it is read.
func (s *goroutineMultiplex) write(b []byte) {
	if len(b) == 0 {
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, _ = s.conn.Write(b)
}

// say ends the session with the multiplexer's words for f.
func (s *goroutineMultiplex) say(reason Reason, f codecs.Failure, cause error) {
	s.decide(reason, cause)
	s.part(s.mux.Refuse(nil, f))
}

// part says the last words, and waits until the client closes: unread bytes would turn the
// close into a reset that overtakes what was written.
func (s *goroutineMultiplex) part(words []byte) {
	s.enter(Flushing, s.port.d.e.cfg().Timeouts.Flush)
	s.write(words)
	_ = s.conn.CloseWrite()
	n, _ := io.Copy(io.Discard, s.conn)
	s.count(int(n))
}

// count counts bytes that the client has sent.
func (s *goroutineMultiplex) count(n int) {
	s.received += uint64(n)
	s.face.moved(uint64(n), 0)
}

// route passes the request on to its resource's backend.
func (s *goroutineMultiplex) route(resource string) bool {
	if !s.within() {
		failure, _ := s.excess.failure(resource, nil)
		s.say(s.excess, failure, nil)
		return false
	}
	s.enter(Standing, 0)
	b, why := s.branch(resource)
	switch {
	case b != nil:
		return s.forward(resource, b)
	case why.reason == ClientGone || why.reason == Drained:
		s.finish(why.reason, why.cause)
		return false
	}
	return s.refuse(resource, why)
}

// refuse answers one request, and drops what is still to come of it.
func (s *goroutineMultiplex) refuse(resource string, r rejection) bool {
	s.port.d.e.log.refused(s.port.spec, s.addr, resource, r.reason, r.cause)
	s.write(s.mux.Refuse(nil, r.failure))
	return s.stream(func([]byte) {})
}

// stream takes the request that was routed, in the pieces it comes in.
func (s *goroutineMultiplex) stream(take func([]byte)) bool {
	for left := s.mux.Size(); left > 0; {
		if len(s.kept) == 0 && !s.read() {
			return false
		}
		n := min(left, len(s.kept))
		take(s.kept[:n])
		s.drop(n)
		left -= n
	}
	return true
}

// forward passes the request on over a branch, or answers that it can't be.
func (s *goroutineMultiplex) forward(resource string, b *goroutineBranch) bool {
	step, alive := b.pass()
	switch {
	case !alive && b.used:
		return s.route(resource) // by a new one
	case !alive:
		return s.refuse(resource, rejection{b.reason, branchFailure(b.reason, resource), nil})
	case step.Action == codecs.Fail:
		return s.refuse(resource, rejection{InternalError, step.Failure, nil})
	}
	b.used, s.last = true, b.route
	b.track()
	s.passing = b
	defer func() { s.passing = nil }()
	return s.stream(b.send)
}

// localAddr is the address the client has connected to.
func (s *goroutineMultiplex) localAddr() netip.AddrPort {
	if s.local.IsValid() {
		return s.local
	}
	return addrPortOf(s.conn.LocalAddr())
}
