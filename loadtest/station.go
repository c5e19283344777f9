//go:build linux

package loadtest

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
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
// goroutine at a time uses it.
type station struct {
	loop     *poll.Loop
	target   netip.AddrPort
	timeout  time.Duration
	sources  sources
	buf      []byte // every session reads into it
	payload  []byte // every session sends from it, behind its own tag
	tag      uint64 // of the last exchange begun
	sessions []*session
	busy     int // sessions in an exchange
	swept    time.Time
	failures measure.Failures
}

// newStation opens a loop for messages of up to largest bytes. number tells
// the stations of a run apart.
func newStation(c Common, number, largest int) (*station, error) {
	loop, err := poll.NewLoop()
	if err != nil {
		return nil, err
	}
	st := &station{
		loop: loop, target: c.Target, timeout: c.Timeout, sources: newSources(c.Target.Addr()),
		buf: make([]byte, readBuffer), payload: make([]byte, max(largest, tagSize)),
		tag: uint64(number) << 48,
	}
	st.sources.next = number * 100 % sourceAddresses
	source := rand.NewChaCha8([32]byte{byte(number)})
	_, _ = source.Read(st.payload)
	return st, nil
}

// until turns the loop, waiting at most wait each time, until done says so
// before a turn or ctx ends.
func (st *station) until(ctx context.Context, wait time.Duration, done func(now time.Time) bool) error {
	for {
		now := time.Now()
		if done(now) || ctx.Err() != nil {
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

// each runs f for all workers at once and waits for all of them; the next step
// of a run begins only then.
func each[W any](workers []W, f func(W) error) error {
	var group errgroup.Group
	for _, w := range workers {
		group.Go(func() error { return f(w) })
	}
	return group.Wait()
}

// free closes the loop and whatever is open on it.
func (st *station) free() { st.loop.Free() }

// freeAll frees the workers' stations.
func freeAll[W interface{ free() }](workers []W) {
	for _, w := range workers {
		w.free()
	}
}
