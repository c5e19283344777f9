//go:build linux

package loadtest

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/link"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

const (
	// How often a loop looks whether it is to stop, and for late exchanges.
	tick = 50 * time.Millisecond
	// One read takes at most this much.
	readBuffer = max(256<<10, link.MinRead)
	// Room for the tag at the start of every message.
	tagSize = 8
)

// station is one event loop of a generator and what its sessions share. One
// goroutine at a time uses it, but for progress.
type station struct {
	loop     *poll.Loop
	targets  []target
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

// target is where to connect, and how.
type target struct {
	addr netip.AddrPort
	tls  *link.TLS // nil in the clear
}

// targetsOf returns those of a loop. protocols are for ALPN.
func targetsOf(c Common, protocols ...string) ([]target, error) {
	var targets []target
	for _, addr := range c.Targets {
		t := target{addr: addr}
		if c.TLS != nil {
			config, err := c.TLS.Client(addr.Addr().String(), protocols...)
			if err != nil {
				return nil, err
			}
			t.tls = link.Client(config)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// newStation opens the loop of a seat. protocols are for ALPN.
func newStation(c Common, s seat, protocols ...string) (*station, error) {
	targets, err := targetsOf(c, protocols...)
	if err != nil {
		return nil, err
	}
	loop, err := poll.NewLoop()
	if err != nil {
		return nil, err
	}
	st := &station{
		loop: loop, targets: targets, target: s.number % len(c.Targets), timeout: c.Timeout,
		sources: newSources(s.number), buf: make([]byte, readBuffer),
		tag: uint64(s.number) << 40,
	}
	return st, nil
}

// connect starts a connection to the next target.
func (st *station) connect() (*link.Conn, error) {
	to := st.targets[st.target]
	st.target = (st.target + 1) % len(st.targets)
	fd, err := poll.Connect(to.addr, st.sources.take(to.addr.Addr()))
	if err != nil {
		return nil, err
	}
	return link.New(st.loop, fd, to.tls), nil
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

// addTo adds what the station has counted of failures and handshakes.
func (st *station) addTo(c *report.Counts) {
	c.Failures.Merge(&st.failures)
	c.Answers.Merge(st.answers)
	for _, t := range st.targets {
		if t.tls != nil {
			addTerms(c, t.tls.Established())
		}
	}
}

// addTerms adds handshakes by what was agreed on.
func addTerms(c *report.Counts, established map[secure.Terms]uint64) {
	for terms, n := range established {
		c.TLS.Merge(measure.Answers{terms.String(): n})
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

// free closes the loop and whatever is open on it.
func (st *station) free() { st.loop.Free() }

// filler returns n random-looking bytes, other ones for each seat.
func filler(s seat, n int) []byte {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(s.number), byte(s.number >> 8)})
	_, _ = source.Read(b)
	return b
}
