package engine

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// goroutineSession is one client's connection and what belongs to it. Each of
// its two goroutines reads one side. Until the relay begins they take turns
// with the codec, under mu, which is then also held while the codec's words
// are written; relaying, they meet only at the ends.
//
//	client's goroutine:  Detecting ─► (reads ahead once) ─► Opening ─► Relaying: client to backend
//	                         └─ starts ─┐
//	backend's goroutine:                └─► Resolving ─► Connecting ─► Opening ─► Relaying: backend to client
//
// The client's goroutine is the session's last: it does the accounts.
type goroutineSession struct {
	port    *goroutinePort
	addr    netip.AddrPort // the client's
	started time.Time
	local   netip.AddrPort // where the client went to, by a proxy's word; zero without
	admission
	sockets  sockets
	upstream sync.WaitGroup // the backend's goroutine
	face     *face
	asked    atomic.Int64 // when the backend was sent its first byte, in ns since started; 0 before
	tracked  atomic.Int64 // when the resolver was last told of activity, likewise

	mu              sync.Mutex // guards all below
	moved           sync.Cond  // told when state changes
	state           State
	last            State         // before Closed
	entered         time.Duration // when the state was (since started); 0 before any
	times           timings
	client, backend peer
	codec           codecs.Codec
	cancel          context.CancelFunc // of resolving and connecting
	route           *resolve.Route     // nil until resolved, and for a session routed by key
	visit
	resource *upstream.Resource // entered, nil before that
	address  *netip.AddrPort    // the backend's, shared with the route
	key      string             // registered in the keyring, "" if none
	reason   Reason
	cause    error
	flushBy  time.Time // when a session that breaks off must have ended
	ending   bool      // reason is decided
	served   bool      // Relaying was reached
	shown    *shown    // by the client's TLS, nil without
	leg      backendTLS
	patient  bool   // the codec serves the client itself
	keyData  string // what was kept with the key the client asked by
}

// peer is one side of a session.
type peer struct {
	// conn is set once, before the goroutine that reads from it looks.
	conn *stream
	// box keeps what the codec hasn't consumed; the relay begins with it.
	box inbox
	// received counts the bytes that came from the side, but for what splice
	// couldn't get to a broken other side. Its goroutine's, by count.
	received uint64
	lost     error // the end of reading, if that came before the relay
	shut     bool  // EOF has been said to the side
	done     bool  // its goroutine has nothing more to relay
	// closed and reset are the reasons of a session that the side ends.
	closed, reset Reason
}

func newGoroutineSession(p *goroutinePort, conn *stream) *goroutineSession {
	s := &goroutineSession{
		port: p, addr: addrPortOf(conn.RemoteAddr()), started: time.Now(), admission: p.d.e.admit(p.spec),
		client:  peer{conn: conn, closed: ClientClosed, reset: ClientReset},
		backend: peer{closed: BackendClosed, reset: BackendReset},
		cancel:  func() {},
		face:    newFace(p, addrPortOf(conn.RemoteAddr())),
	}
	s.moved.L = &s.mu
	s.sockets.add(conn)
	return s
}

// serve is the client's goroutine.
func (s *goroutineSession) serve() {
	defer s.account()
	defer s.guard()
	if !s.introduce() {
		return
	}
	if s.port.spec.implicitTLS() {
		s.secureClient()
	} else {
		s.begin()
	}
	s.pull(&s.client, &s.backend)
}

// account ends the session, once both goroutines are done.
func (s *goroutineSession) account() {
	s.upstream.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(s.reason, s.cause)
	s.dropCodec()
	s.client.box.drop()
	s.backend.box.drop()
	e := s.port.d.e
	s.unregister()
	s.port.d.remove(s)
	e.ended(&ending{
		listener: s.port.spec, client: s.addr, admission: s.admission, route: s.route, visit: s.visit, resource: s.resource,
		state: s.last, reason: s.reason, cause: s.cause, established: s.served,
		age: time.Since(s.started), times: s.times,
		fromClient: s.client.received, toClient: s.backend.received,
	})
}

// guard turns a panic of one of the goroutines into the end of this session
// alone.
func (s *goroutineSession) guard() {
	if fault := recover(); fault != nil {
		s.port.d.e.panicked(fault)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.finish(Panicked, nil)
	}
}

// become changes the state.
func (s *goroutineSession) become(state State) {
	if s.state != state || s.entered == 0 {
		now := time.Since(s.started)
		s.port.d.e.phases.shards[0].left(s.state, s.entered, now)
		s.times.note(s.state, s.entered, now)
		s.entered = now
	}
	s.state = state
	s.face.state.Store(uint32(state))
	s.moved.Broadcast()
}

// enter changes the state and starts its deadline, 0 for none.
func (s *goroutineSession) enter(state State, deadline time.Duration) {
	s.become(state)
	var at time.Time
	if deadline > 0 {
		at = time.Now().Add(deadline)
	}
	_ = s.client.conn.SetDeadline(at)
	if s.backend.conn != nil {
		_ = s.backend.conn.SetDeadline(at)
	}
}

// finish closes both sockets, which ends the goroutines. Terminal.
func (s *goroutineSession) finish(reason Reason, cause error) {
	if s.state == Closed {
		return
	}
	if s.port.d.stopping() {
		reason, cause = Drained, nil
	}
	s.last, s.reason, s.cause = s.state, lastly(s.reason, reason), cause
	s.become(Closed)
	s.cancel()
	s.sockets.close()
}

// pull reads one side to its end: for the codec, then for the other side.
func (s *goroutineSession) pull(from, to *peer) {
	switch s.listen(from) {
	case Relaying:
		s.relay(from, to)
	case Flushing:
		if from == &s.client {
			// Unread bytes would turn the close into a reset that overtakes
			// the refusal.
			n, _ := io.Copy(io.Discard, from.conn)
			s.count(from, int(n))
		}
	}
}

// listen reads from a side as long as the codec wants to see it. It returns
// the state that made it stop.
func (s *goroutineSession) listen(from *peer) State {
	buf := s.port.buffers.Get().(*[]byte)
	defer s.port.buffers.Put(buf)
	for {
		n, err := from.conn.Read(*buf)
		state, more := s.heard(from, (*buf)[:n], err)
		if !more {
			return state
		}
		s.secure(state, from)
	}
}

// heard takes in what one Read returned, bytes or an error.
func (s *goroutineSession) heard(from *peer, in []byte, err error) (_ State, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(from, len(in))
	s.awaitBackend(from, err)
	switch {
	case s.state == Relaying:
		from.box.keep(from.box.gather(in))
		if !errors.Is(err, os.ErrDeadlineExceeded) { // beginRelay's wake-up
			from.lost = err
		}
	case s.state > Relaying:
	case s.state == SecuringBackend && from == &s.backend:
		from.box.keep(from.box.gather(in)) // an error comes again
	case err != nil:
		s.end(from, err)
	default:
		s.decide(from, from.box.gather(in))
		s.reconsider(from)
	}
	return s.state, s.state < Relaying && from.lost == nil
}

// reconsider has the codec look again at what it has left of either side: it may
// have waited for the other. A client that is ahead of its backend as far as may
// be kept waits.
func (s *goroutineSession) reconsider(from *peer) {
	for s.lookAgain(&s.client) || s.lookAgain(&s.backend) {
	}
	if from == &s.backend {
		s.moved.Broadcast()
		return
	}
	for s.inCodec() && len(s.client.box.bytes()) >= s.port.spec.Front.MaxPending {
		s.moved.Wait()
	}
}

// inCodec says that the codec passes the bytes of both sides on.
func (s *goroutineSession) inCodec() bool { return s.state == Opening || s.state == Standing }

// lookAgain says whether the codec has consumed something.
func (s *goroutineSession) lookAgain(from *peer) bool {
	left := len(from.box.bytes())
	if left == 0 || !s.inCodec() {
		return false
	}
	s.decide(from, from.box.bytes())
	return len(from.box.bytes()) < left
}

// awaitBackend has a client that is ahead wait for its backend, unless it is
// gone. One that has merely finished sending still waits for its answer.
func (s *goroutineSession) awaitBackend(from *peer, err error) {
	for s.state == Asking || s.state == Resolving || s.state == Waking || s.state == Connecting || from == &s.client && s.state == SecuringBackend {
		if s.state != Asking && err != nil && (!from.ended(err) || s.state == Waking && !s.port.spec.Front.HalfClose) {
			s.finish(ClientGone, nil)
			return
		}
		s.moved.Wait()
	}
}

// end deals with a side that ends, or lets a deadline pass, before the codec
// is done.
func (s *goroutineSession) end(from *peer, err error) {
	switch {
	case s.port.d.stopping():
		s.finish(Drained, nil)
	case errors.Is(err, os.ErrDeadlineExceeded) && s.leaving():
		s.endLeaving(from)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.expire()
	case s.state == Detecting:
		s.finish(ClientGone, nil)
	case from == &s.backend && from.received == 0:
		s.refuse(BackendGone, nil)
	case from == &s.client && from.ended(err) && (s.state == Opening || s.guards()):
		s.awaitRelay(err)
	case s.guards():
		s.endGuarded(from, err)
	default:
		// Its last words are the codec's no more: the relay delivers them and
		// passes on the end.
		from.lost = err
		s.beginRelay()
	}
}

// expire ends a session whose deadline has passed.
func (s *goroutineSession) expire() {
	switch s.state {
	case Standing: // it has none unless others end it
		s.finish(s.face.ended(), nil)
	case Detecting:
		s.say(detectTimedOut(s.patient))
	case Securing:
		s.finish(HandshakeTimeout, nil)
	case SecuringBackend:
		s.refuse(BackendHandshakeTimeout, nil)
	default:
		s.refuse(OpenTimeout, nil)
	}
}

// sockets are a session's connections. They have a lock of their own, so that
// a session can be ended while a write blocks one of its goroutines that holds
// the session's.
type sockets struct {
	mu     sync.Mutex
	open   []*stream
	closed bool
}

// add leaves c to close; false means that it is closed already.
func (k *sockets) add(c *stream) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		_ = c.Close()
		return false
	}
	k.open = append(k.open, c)
	return true
}

// remove leaves c to somebody else.
func (k *sockets) remove(c *stream) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at := slices.Index(k.open, c); at >= 0 {
		k.open = slices.Delete(k.open, at, at+1)
	}
}

// limit ends whatever is done with the connections by then, at the latest.
func (k *sockets) limit(at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.open {
		_ = c.SetDeadline(at)
	}
}

func (k *sockets) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, c := range k.open {
		_ = c.Close()
	}
}
