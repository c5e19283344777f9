//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// giveUpAfter is how many times in a row one of Rate's connections may fail
// before it isn't tried again: a server that has gone must not be counted
// millions of times, one that stumbles must not end the run.
const giveUpAfter = 3

// Rate connects, makes one exchange with an echo backend and closes, over and
// over.
type Rate struct{ Exchanges }

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured. Latencies are those from connect
// to the end of the exchange.
func (m Rate) Run(ctx context.Context) (*report.Report, error) {
	return m.measure(ctx, "rate", func(e exchanger) exchangeWorker {
		return &rateWorker{exchanger: e, failing: map[*session]int{}}
	})
}

// rateWorker is one loop's part of a Rate.
type rateWorker struct {
	exchanger
	attempted uint64
	completed uint64           // in and outside the window
	failing   map[*session]int // failures in a row, of those that failed last
}

var _ owner = (*rateWorker)(nil)

func (w *rateWorker) prepare(context.Context) error { return nil }

func (w *rateWorker) run(ctx context.Context, span window) error {
	w.span = span
	for range w.conns {
		w.again(w.newSession(w))
	}
	return w.until(ctx, tick, w.quiet)
}

func (w *rateWorker) again(s *session) {
	if time.Now().Before(w.span.to) {
		w.attempted++
		s.connect(w.payload)
	}
}

func (w *rateWorker) exchanged(s *session) {
	w.count(s, time.Now())
	w.completed++
	s.close()
	delete(w.failing, s)
	w.again(s)
}

func (w *rateWorker) failed(s *session) {
	w.failing[s]++
	if w.failing[s] < giveUpAfter {
		w.again(s)
	}
}

func (w *rateWorker) addTo(r *report.Report) {
	w.exchanger.addTo(r)
	r.Sessions.Wanted += w.attempted
	r.Sessions.Established += w.completed
	r.Sessions.Alive += w.completed
}
