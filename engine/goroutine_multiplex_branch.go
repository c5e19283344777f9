package engine

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// goroutineBranch is one backend of a client's.
type goroutineBranch struct {
	s        *goroutineMultiplex
	resource string
	route    *resolve.Route
	place    *upstream.Resource
	visit    visit
	conn     *stream

	// phase is what it is going through before its backend serves it, entered since
	// when (since the session's start). The client's goroutine's.
	phase   State
	entered time.Duration

	asked atomic.Int64 // when the backend was sent its first byte, likewise; 0 before

	used bool          // a request was passed on. The client's goroutine's
	sent atomic.Uint64 // bytes of requests
	// received counts those of answers, and holds says that the client is kept for
	// the rest of one. Both are written by the branch's goroutine only.
	received atomic.Uint64
	holds    bool

	mu    sync.Mutex // guards what follows
	moved sync.Cond  // told when an answer has come, or the branch has ended
	codec codecs.Branch
	owes  bool // the client awaits an answer
	// dead says that it has ended, reason why.
	dead   bool
	reason Reason
}

// begin has a branch whose backend is connected go on.
func (b *goroutineBranch) begin() {
	s := b.s
	b.moved.L = &b.mu
	b.codec = s.mux.Open(b.target())
	s.mu.Lock()
	s.branches[b.resource] = b
	s.mu.Unlock()
	s.port.d.e.tracker().put(trackConnect, b.route, s.addr, 0, 0)
	if hello := b.codec.Hello(); len(hello) > 0 {
		_ = b.conn.SetReadDeadline(time.Now().Add(s.port.d.e.cfg().Timeouts.Open))
		b.asks()
		_, _ = b.conn.Write(hello) // if that fails, reading does
	}
	s.working.Go(b.run)
}

func (b *goroutineBranch) target() codecs.Target {
	return codecs.Target{Metadata: b.route.Metadata, Client: codecAddress(b.s.addr)}
}

// pass notes a request that is about to be passed on, once there is room for one
// more. alive is false if the branch has ended.
func (b *goroutineBranch) pass() (step codecs.Step, alive bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.codec.Full() && !b.dead {
		b.moved.Wait()
	}
	if b.dead {
		return codecs.Step{}, false
	}
	step = b.codec.Pass()
	b.owes = b.codec.Owes()
	return step, true
}

// send passes on bytes of a request. What a broken backend doesn't take is
// dropped: its goroutine answers the request.
func (b *goroutineBranch) send(p []byte) {
	b.asks()
	n, _ := b.conn.Write(p)
	b.sent.Add(uint64(n))
}

// run is the branch's goroutine.
func (b *goroutineBranch) run() {
	defer b.account()
	defer b.release()
	defer b.s.guard()
	buf := b.s.port.buffers.Get().(*[]byte)
	defer b.s.port.buffers.Put(buf)
	reason, cause := b.listen(*buf)
	b.over(reason, cause)
}

// listen brings the backend's answers to the client until its end, and returns
// the reason of that.
func (b *goroutineBranch) listen(buf []byte) (Reason, error) {
	var kept []byte
	for {
		n, err := b.conn.Read(buf)
		if n > 0 && b.received.Load() == 0 {
			b.relieve()
			b.visit.report(upstream.Served)
			b.answered()
		}
		b.received.Add(uint64(n))
		in := buf[:n]
		if len(kept) > 0 {
			kept = append(kept, in...)
			in = kept
		}
		left, ok := b.answer(in)
		switch {
		case !ok || len(left) >= b.s.port.spec.Front.MaxPending:
			return BackendMalformed, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return b.late(), nil
		case err != nil && b.received.Load() == 0:
			return BackendGone, nil
		case err != nil:
			return BackendClosed, nil
		}
		kept = append(kept[:0:0], left...)
	}
}

// leave has the branch end when what is under way is answered, and gives that the time.
func (b *goroutineBranch) leave(why Reason) {
	b.bury(why)
	b.mu.Lock()
	defer b.mu.Unlock()
	until := wakeUp
	if b.owes {
		until = time.Now().Add(b.s.port.d.e.cfg().Timeouts.Flush)
	}
	_ = b.conn.SetReadDeadline(until)
}

// relieve ends the deadline of the backend's first byte; that of a branch which was told
// to leave stays.
func (b *goroutineBranch) relieve() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.dead {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
}

// late is why the branch ends when its deadline has passed.
func (b *goroutineBranch) late() Reason {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return b.reason
	}
	return OpenTimeout
}

// answer passes on what can be of the backend's bytes, and returns the rest.
func (b *goroutineBranch) answer(in []byte) (left []byte, ok bool) {
	for len(in) > 0 {
		step, within := b.look(in)
		if step.Action == codecs.Fail {
			return nil, false
		}
		if step.Consumed == 0 {
			break
		}
		b.deliver(step.ToClient, within)
		b.delivered()
		in = in[step.Consumed:]
	}
	return in, true
}

// delivered notes that the client has got what the codec has looked at. A branch that was
// told to leave does so when that was all.
func (b *goroutineBranch) delivered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owes = b.codec.Owes()
	b.moved.Broadcast()
	if b.dead && !b.owes {
		_ = b.conn.SetReadDeadline(wakeUp)
	}
}

// look has the codec look at the backend's bytes.
func (b *goroutineBranch) look(in []byte) (step codecs.Step, within bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	step = b.codec.Backend(in)
	b.moved.Broadcast()
	return step, b.codec.Within()
}

// deliver writes to the client, which is kept until the answer is whole.
func (b *goroutineBranch) deliver(p []byte, within bool) {
	if len(p) > 0 && !b.holds {
		b.s.writing.Lock()
		b.holds = true
	}
	if len(p) > 0 {
		n, err := b.s.conn.Write(p)
		b.s.toClient.Add(uint64(n))
		b.s.face.moved(0, uint64(n))
		if err != nil {
			b.s.finish(ClientReset, nil)
		}
	}
	if !within {
		b.release()
	}
}

// asks notes that the backend is being sent something.
func (b *goroutineBranch) asks() {
	if b.asked.Load() == 0 {
		b.asked.CompareAndSwap(0, int64(time.Since(b.s.started)))
	}
}

// answered notes the backend's first bytes.
func (b *goroutineBranch) answered() {
	if asked := b.asked.Load(); asked > 0 {
		b.s.face.firstByte.observe(time.Since(b.s.started) - time.Duration(asked))
	}
}

// release leaves the client to others.
func (b *goroutineBranch) release() {
	if b.holds {
		b.holds = false
		b.s.writing.Unlock()
	}
}

// over answers the requests that await it: the backend won't. A client that has
// half of an answer can't be told anything.
func (b *goroutineBranch) over(reason Reason, cause error) {
	if b.holds {
		_ = b.s.conn.SetLinger(0)
		b.s.finish(BackendReset, cause)
	}
	b.visit.report(outcomeOf(reason, b.received.Load()))
	b.bury(reason)
	_ = b.conn.Close() // a request that is on its way is dropped from now on
	b.mu.Lock()
	words := b.codec.Refuse(nil, branchFailure(reason, b.resource))
	b.mu.Unlock()
	if len(words) > 0 && b.s.ctx.Err() == nil {
		b.s.port.d.e.log.refused(b.s.port.spec, b.s.addr, b.resource, reason, cause)
		b.s.write(words)
	}
}

// branchFailure is what those are told who await an answer of a backend that has
// ended for the reason.
func branchFailure(reason Reason, resource string) codecs.Failure {
	if failure, speak := reason.failure(resource, nil); speak {
		return failure
	}
	failure, _ := BackendGone.failure(resource, nil)
	return failure
}

// bury has the branch be found no more.
func (b *goroutineBranch) bury(reason Reason) {
	s := b.s
	s.mu.Lock()
	if s.branches[b.resource] == b {
		delete(s.branches, b.resource)
	}
	s.mu.Unlock()
	b.mu.Lock()
	if !b.dead {
		b.dead, b.reason = true, reason
	}
	b.moved.Broadcast()
	b.mu.Unlock()
}

// account ends the branch's stay.
func (b *goroutineBranch) account() {
	b.bury(Panicked) // unless it has a reason
	b.s.sockets.remove(b.conn)
	_ = b.conn.Close()
	sent, received := b.sent.Load(), b.received.Load()
	b.visit.leave(sent, received)
	e := b.s.port.d.e
	e.resources.Moved(b.place, sent, received)
	e.resources.Leave(b.place)
	e.tracker().put(trackDisconnect, b.route, b.s.addr, sent, received)
}

// track tells the resolver, now and then, that requests go to the branch's resource.
func (b *goroutineBranch) track() {
	e := b.s.port.d.e
	if b.place.Used(e.resources.Now(), e.cfg().TrackInterval) {
		e.tracker().put(trackActivity, b.route, b.s.addr, b.sent.Load(), b.received.Load())
	}
}

// stays are what the branches of now have moved.
func (s *goroutineMultiplex) stays() []stay {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]stay, 0, len(s.branches))
	for _, b := range s.branches {
		all = append(all, stay{b.route, moved{b.sent.Load(), b.received.Load()}})
	}
	return all
}
