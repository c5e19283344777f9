//go:build linux

package loadtest

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// How often a loop looks whether it is to stop, and for late exchanges.
	tick = 50 * time.Millisecond
	// One read takes at most this much.
	readBuffer = 256 << 10
	// Room for the tag at the start of every message.
	tagSize = 8
)

// station is one event loop of a generator and what its sessions share. One
// goroutine at a time uses it, but for progress.
type station struct {
	loop     *poll.Loop
	targets  []netip.AddrPort
	target   int // the next one's index
	timeout  time.Duration
	sources  sources
	buf      []byte // every session reads into it
	tag      uint64 // of the last exchange begun
	sessions []*session
	busy     int // sessions in an exchange
	swept    time.Time

	exchanges uint64 // completed
	received  uint64 // payload bytes, in bulk those sent too
	failures  measure.Failures
	answers   measure.Answers
	shown     shown
}

// shown is what a station lets other goroutines see of itself.
type shown struct{ open, exchanges, received, failures atomic.Uint64 }

// newStation opens the loop of a seat.
func newStation(c Common, s seat) (*station, error) {
	loop, err := poll.NewLoop()
	if err != nil {
		return nil, err
	}
	st := &station{
		loop: loop, targets: c.Targets, target: s.number % len(c.Targets), timeout: c.Timeout,
		sources: newSources(s.number), buf: make([]byte, readBuffer),
		tag: uint64(s.number) << 40,
	}
	return st, nil
}

// connect starts a connection to the next target.
func (st *station) connect() (fd int, err error) {
	target := st.targets[st.target]
	st.target = (st.target + 1) % len(st.targets)
	return poll.Connect(target, st.sources.take(target.Addr()))
}

// until turns the loop, waiting at most wait each time, until done says so
// before a turn or ctx ends.
func (st *station) until(ctx context.Context, wait time.Duration, done func(now time.Time) bool) error {
	return st.paced(ctx, func(now time.Time) (time.Duration, bool) { return wait, done(now) })
}

// paced is until with a wait that may differ each time.
func (st *station) paced(ctx context.Context, next func(now time.Time) (wait time.Duration, done bool)) error {
	defer st.show()
	for {
		now := time.Now()
		wait, done := next(now)
		if done || ctx.Err() != nil {
			return nil
		}
		st.sweep(now)
		if err := st.loop.Turn(min(wait, tick)); err != nil {
			return err
		}
	}
}

// quiet is a condition for until: no exchange is under way.
func (st *station) quiet(time.Time) bool { return st.busy == 0 }

// sweep fails the exchanges that have taken too long.
func (st *station) sweep(now time.Time) {
	if now.Sub(st.swept) < tick {
		return
	}
	st.swept = now
	for _, s := range st.sessions {
		if s.busy && now.Sub(s.begun) > st.timeout {
			s.fail(measure.Late)
		}
	}
	st.show()
}

func (st *station) show() {
	st.shown.open.Store(uint64(st.standing()))
	st.shown.exchanges.Store(st.exchanges)
	st.shown.received.Store(st.received)
	st.shown.failures.Store(st.failures.Total())
}

func (st *station) progress() report.Progress {
	return report.Progress{
		Open: st.shown.open.Load(), Operations: st.shown.exchanges.Load(),
		Bytes: st.shown.received.Load(), Failures: st.shown.failures.Load(),
	}
}

// addFailures adds what the station has counted of failures.
func (st *station) addFailures(c *report.Counts) {
	c.Failures.Merge(&st.failures)
	c.Answers.Merge(st.answers)
}

// standing returns how many sessions are open.
func (st *station) standing() int { return st.loop.Open() }

// closeAll closes the sessions and forgets them.
func (st *station) closeAll() {
	for _, s := range st.sessions {
		s.close()
	}
	st.sessions = nil
}

// free closes the loop and whatever is open on it.
func (st *station) free() { st.loop.Free() }

// filler returns n random-looking bytes, other ones for each seat.
func filler(s seat, n int) []byte {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(s.number), byte(s.number >> 8)})
	_, _ = source.Read(b)
	return b
}
