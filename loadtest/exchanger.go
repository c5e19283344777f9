//go:build linux

package loadtest

import (
	"context"
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// giveUpAfter is how many times in a row a connection may fail before it isn't
// tried again: a server that has gone must not be counted millions of times,
// one that stumbles must not end the run.
const giveUpAfter = 3

// exchanger is one loop's part of the modes that make one exchange after the
// other.
type exchanger struct {
	*station
	load  Exchanges
	seat  seat
	size  int  // payload bytes of an exchange
	up    int  // of these, sent
	renew bool // a new connection for each exchange
	tally *tally

	running  bool
	arrivals *arrivals  // nil in a closed loop
	idle     []*session // that may begin the next exchange; in an open loop
	usable   int        // sessions not given up

	attempted, established, completed uint64
}

var (
	_ worker = (*exchanger)(nil)
	_ owner  = (*exchanger)(nil)
)

// newExchanger makes the sessions of a seat, each with a dialogue of its own.
// protocols are for ALPN.
func newExchanger(m Exchanges, s seat, newDialogue func() dialogue, protocols ...string) (*exchanger, error) {
	st, err := newStation(m.Common, s, protocols...)
	if err != nil {
		return nil, err
	}
	w := &exchanger{station: st, load: m, seat: s, tally: newTally(m.Arrivals > 0)}
	for range s.share(m.Conns) {
		st.newSession(w, newDialogue())
	}
	w.usable = len(st.sessions)
	return w, nil
}

func (w *exchanger) do(ctx context.Context, p phase, span window) error {
	switch p {
	case preparing:
		return w.prepare(ctx)
	case running:
		return w.run(ctx, span)
	default:
		return nil
	}
}

// prepare opens standing connections; the first exchange shows that the way to
// the backend stands.
func (w *exchanger) prepare(ctx context.Context) error {
	if w.renew {
		return nil
	}
	for _, s := range w.sessions {
		s.begin(w.size, time.Now())
	}
	err := w.until(ctx, tick, w.quiet)
	w.established = w.answered()
	return err
}

// run keeps the connections busy until the window ends, and lets what is under
// way come back.
func (w *exchanger) run(ctx context.Context, span window) error {
	w.running, w.tally.span = true, span
	if w.load.Arrivals > 0 {
		w.arrivals = newArrivals(span.From.Add(-w.load.WarmUp), w.load.Arrivals, w.seat.number, w.seat.of)
	}
	for _, s := range w.sessions {
		w.again(s)
	}
	if w.arrivals == nil {
		return w.until(ctx, tick, w.quiet)
	}
	return w.paced(ctx, w.dispatch)
}

// again has a session make its next exchange: at once, or when one is due.
func (w *exchanger) again(s *session) {
	if w.arrivals != nil {
		w.idle = append(w.idle, s)
		return
	}
	if now := time.Now(); now.Before(w.tally.span.To) {
		w.begin(s, now)
	}
}

func (w *exchanger) begin(s *session, at time.Time) {
	w.attempted++
	s.begin(w.size, at)
}

// dispatch begins the exchanges that are due, as long as there are idle
// sessions, and returns how long it is until the next.
func (w *exchanger) dispatch(now time.Time) (wait time.Duration, done bool) {
	for {
		due := w.arrivals.next()
		switch {
		case w.usable == 0:
			return tick, w.busy == 0
		case !due.Before(w.tally.span.To):
			// Until the window is over, or what is measured would be too short.
			if left := w.tally.span.To.Sub(now); left > 0 {
				return left, false
			}
			return tick, w.busy == 0
		case due.After(now):
			return due.Sub(now), false
		case now.Sub(due) > w.timeout:
			w.arrivals.take()
			w.station.failures.Add(measure.Late)
		case len(w.idle) == 0:
			return tick, false
		default:
			w.arrivals.take()
			w.serve(due, now)
		}
	}
}

// serve begins an exchange that was due on an idle session.
func (w *exchanger) serve(due, now time.Time) {
	last := len(w.idle) - 1
	s := w.idle[last]
	w.idle = w.idle[:last]
	w.tally.begun(due, now)
	w.begin(s, due)
}

func (w *exchanger) exchanged(s *session) {
	if !w.running {
		return
	}
	w.completed++
	w.tally.done(s.begun, time.Now(), report.Bytes{Down: uint64(s.dialogue.heard()), Up: uint64(w.up)})
	if w.renew {
		s.close()
	}
	w.again(s)
}

func (w *exchanger) failed(s *session) {
	// One that fails between two exchanges is still among the idle.
	if i := slices.Index(w.idle, s); i >= 0 {
		w.idle = slices.Delete(w.idle, i, i+1)
	}
	if s.failures >= giveUpAfter {
		w.usable--
	} else if w.running {
		w.again(s)
	}
}

func (w *exchanger) addTo(c *report.Counts) {
	w.tally.addTo(c)
	w.station.addTo(c)
	if w.renew {
		c.Sessions.Wanted += w.attempted
		c.Sessions.Established += w.completed
		c.Sessions.Alive += w.completed
		return
	}
	c.Sessions.Wanted += uint64(len(w.sessions))
	c.Sessions.Established += w.established
	c.Sessions.Alive += w.answered()
}

// answered is how many sessions have had an answer, and no failure since.
func (w *exchanger) answered() (n uint64) {
	for _, s := range w.sessions {
		if s.failures == 0 && s.exchanges > 0 {
			n++
		}
	}
	return n
}
