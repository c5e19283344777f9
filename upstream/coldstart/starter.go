// Package coldstart starts resources that sleep while their clients wait.
//
// A start is one per resource however many clients ask for it:
//
//	Waking ─► Probing ─► Admitting ─► Settling ─► gone
//	   └─────────┴─────────────────────► (failed)
//
// Waking: the resolver's Waker is told. Probing: the resolver is asked and the
// backend tried until both agree that it serves. Admitting: those who wait are
// let in paced, in the order they came. Settling: who comes a moment late is
// given the same outcome. A start that fails tells everybody at once why.
//
// The invariants: whoever waits is answered exactly once, or has left; a start
// ends when nobody waits for it any more; the number of starts, and of those who
// wait, per resource and in all, is bounded.
package coldstart

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Starter starts resources. Safe for concurrent use; nothing blocks but Close.
type Starter struct {
	live  atomic.Pointer[Options] // replaced as a whole
	hooks Hooks
	ctx   context.Context // of all starts
	stop  context.CancelFunc
	all   sync.WaitGroup

	waiting atomic.Int64 // changed under mu

	mu      sync.Mutex // guards what follows, and every start's queue
	starts  map[key]*start
	running int // starts that aren't Settling
	stats   Stats
}

// key is what a resource is known by.
type key struct{ protocol, resource string }

// New makes a Starter. Close it when no session is left.
func New(o Options, h Hooks) *Starter {
	ctx, stop := context.WithCancel(context.Background())
	s := &Starter{hooks: h, ctx: ctx, stop: stop, starts: make(map[key]*start)}
	s.SetOptions(o)
	return s
}

// SetOptions replaces the options, which must be valid, for all that is decided from
// now on. Any goroutine.
func (s *Starter) SetOptions(o Options) { s.live.Store(&o) }

// Close ends every start, without a word to those who wait, and returns when
// none of their goroutines is left.
func (s *Starter) Close() {
	s.stop()
	s.all.Wait()
}

// Waiter is one client that waits. Its memory is the caller's, which must keep it
// from Wait until Done is called or Leave has returned true, and may use it for
// another Wait after that.
type Waiter struct {
	// Done is called once, on a goroutine of the Starter's, and must not block:
	// with a route that is ready and the place taken at it by Hooks.Room, or with
	// one whose Err says why there is none.
	Done func(*resolve.Route, *upstream.Resource)

	start      *start // nil when it doesn't wait
	prev, next *Waiter
}

// Wait has w wait for the resource, whose route is cold or refuses connections,
// and begins to start it if nobody has. false says that too many wait already;
// w isn't waiting then.
func (s *Starter) Wait(req resolve.Request, route *resolve.Route, w *Waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{req.Protocol, req.Resource}
	st, o := s.starts[k], s.live.Load()
	if s.waiting.Load() >= int64(o.Total) || st == nil && s.running >= o.Starts || st != nil && st.queue.n >= o.PerResource {
		s.stats.Overflows++
		return false
	}
	if st == nil {
		st = s.begin(k, req, route)
	}
	st.join(w)
	return true
}

// Busy says whether clients of the resource wait, behind whom a new one should.
func (s *Starter) Busy(protocol, resource string) bool {
	if s.waiting.Load() == 0 {
		return false // nearly always
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.starts[key{protocol, resource}]
	return st != nil && st.queue.n > 0
}

// Leave takes out a client that waits no longer. false says that it was about to
// be answered: Done is, was or will be called.
func (s *Starter) Leave(w *Waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := w.start
	if st == nil {
		return false
	}
	st.remove(w)
	s.forsake(st)
	return true
}

// forsake ends a start for which nobody waits, unless it is over anyway.
func (s *Starter) forsake(st *start) {
	if st.queue.n == 0 && st.phase != settling {
		s.retire(st)
		delete(s.starts, st.key)
		st.cancel()
	}
}

// begin starts a start. The caller holds the lock, as for all methods of a start
// that don't take it.
func (s *Starter) begin(k key, req resolve.Request, route *resolve.Route) *start {
	ctx, cancel := context.WithCancel(s.ctx)
	st := &start{s: s, key: k, req: req, first: route, cancel: cancel, begun: time.Now(), turn: make(chan struct{}, 1)}
	s.starts[k] = st
	s.running++
	s.stats.Starts++
	s.all.Go(func() { st.run(ctx) })
	return st
}

// retire counts a start out of those that run.
func (s *Starter) retire(st *start) {
	if st.phase != settling {
		st.phase = settling
		s.running--
	}
}
