package upstream

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// common is what the endpoints of a Registry share.
type common struct {
	live atomic.Pointer[Options] // complete; replaced as a whole
	// born is the beginning of the breakers' time, which is in nanoseconds
	// since then: it fits an atomic word and doesn't jump with the wall clock.
	born    time.Time
	changes [phases]atomic.Uint64
	// attempts are those of all endpoints, also of those that are forgotten.
	attempts [outcomes]atomic.Uint64
}

// options are those in force.
func (c *common) options() *Options { return c.live.Load() }

// at is now as the breakers' time.
func (c *common) at(now time.Time) time.Duration { return max(now.Sub(c.born), 0) }

// slot is the number of the window's slot at that time.
func (c *common) slot(at time.Duration) uint64 {
	return 1 + uint64(at/(c.options().Breaker.Window/slots))
}

// breaker keeps attempts from an endpoint that fails, so that clients hear of
// it at once and the backend isn't flooded while it comes up.
//
//	         too many failures          its time is over
//	Closed ───────────────────► Open ─────────────────────► HalfOpen
//	  ▲                          ▲                           │    │
//	  │                          └─ probe fails or is left ──┘    │
//	  └───────────────────── probe is served ─────────────────────┘
//
// It is one of our own rather than sony/gobreaker because it is asked on event
// loops for every session: while it is closed, an attempt costs a few atomic
// operations, no lock and no allocation. gobreaker takes a mutex twice per call and
// wants either a closure around the call, which an event loop has no place for, or
// allocates one per call for its two-step form; and it stays open for one fixed
// time, without back-off or jitter.
//
// Forced comes before it, and closes it (ForcedClosed).
//
// Attempts that end while others change the phase may be counted in either; each
// change of phase happens exactly once, under mu.
type breaker struct {
	// word is the Ticket of the present phase. Stored under mu.
	word atomic.Uint32
	// until is when Open ends and, HalfOpen, when a probe that nobody has told
	// the end of is given up. Stored under mu.
	until       atomic.Int64
	consecutive atomic.Uint32 // failures
	window      window
	entered     [phases]atomic.Uint64

	mu sync.Mutex
	// level is how often it has opened since it was last closed for long.
	level int
	// closedAt is when it was closed last.
	closedAt time.Duration
}

func (b *breaker) present() Ticket { return Ticket(b.word.Load()) }

// admit gives out a place, or the zero Ticket.
func (b *breaker) admit(e *Endpoint, at time.Duration) Ticket {
	switch t := b.present(); {
	case t.phase() == Closed:
		return t
	case at < time.Duration(b.until.Load()):
		return 0
	default:
		return b.probe(e, t, at)
	}
}

// probe: Open or HalfOpen -> HalfOpen, for the first who comes.
func (b *breaker) probe(e *Endpoint, seen Ticket, at time.Duration) Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present() != seen || at < time.Duration(b.until.Load()) {
		return 0
	}
	b.until.Store(int64(at + e.common.options().Breaker.MaxOpenTime))
	return b.enter(e, HalfOpen)
}

// report takes a place back.
func (b *breaker) report(e *Endpoint, t Ticket, v verdict, at time.Duration) {
	switch {
	case t != b.present(): // of another phase: it decides nothing any more
	case t.phase() == HalfOpen:
		b.settle(e, t, v, at)
	case v == neutral:
	case b.count(e, v == failure, at):
		b.open(e, t, at)
	}
}

// count counts an attempt while Closed and says whether that is the end of it.
func (b *breaker) count(e *Endpoint, failed bool, at time.Duration) (tooMany bool) {
	o := &e.common.options().Breaker
	slot := e.common.slot(at)
	b.window.add(slot, failed)
	if !failed {
		// The line is shared by all loops: written only when it changes.
		if b.consecutive.Load() != 0 {
			b.consecutive.Store(0)
		}
		return false
	}
	inRow := b.consecutive.Add(1)
	if o.Failures > 0 && inRow >= uint32(o.Failures) {
		return true
	}
	attempts, failures := b.window.sum(slot)
	return o.FailureRate > 0 && attempts >= o.MinAttempts && float64(failures) >= o.FailureRate*float64(attempts)
}

// open: Closed -> Open.
func (b *breaker) open(e *Endpoint, t Ticket, at time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present() != t || e.Forced() == ForcedClosed {
		return
	}
	if at-b.closedAt >= e.common.options().Breaker.Window {
		b.level = 0
	}
	b.stayOpen(e, at)
}

// settle: HalfOpen -> Closed or Open, as the probe has ended.
func (b *breaker) settle(e *Endpoint, t Ticket, v verdict, at time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present() != t {
		return
	}
	switch v {
	case success:
		b.close(e, at)
	case failure:
		b.consecutive.Add(1)
		b.stayOpen(e, at)
	case neutral: // nothing is known: the next who comes is the probe
		b.until.Store(int64(at))
		b.enter(e, Open)
	}
}

// stayOpen: any phase -> Open, for longer each time. The caller holds mu.
func (b *breaker) stayOpen(e *Endpoint, at time.Duration) {
	d := e.common.options().Breaker.openTime(b.level)
	b.level++
	b.until.Store(int64(at + jitter(d)))
	b.enter(e, Open)
}

// enter changes the phase. The caller holds mu.
func (b *breaker) enter(e *Endpoint, p Phase) Ticket {
	from := b.present()
	t := from.next(p)
	b.word.Store(uint32(t))
	b.entered[p].Add(1)
	e.common.changes[p].Add(1)
	if told := e.common.options().OnChange; told != nil {
		told(Change{Endpoint: e.Name, From: from.phase(), To: p, Trouble: e.Trouble()})
	}
	return t
}

// openTime is how long the breaker stays open that has opened so often before,
// jitter apart.
func (o *BreakerOptions) openTime(level int) time.Duration {
	d := o.OpenTime
	for range level {
		if d >= o.MaxOpenTime/2 {
			return o.MaxOpenTime
		}
		d *= 2
	}
	return d
}

// jitter makes d longer or shorter by a fifth at most.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()*2-1)*float64(d)/5)
}
