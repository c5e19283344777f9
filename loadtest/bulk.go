//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Bulk moves data at full speed over a few connections to the flood or sink
// backend. Both sides compare every byte with a sequence they know. When the
// time is over the client ends its side; the backend then stops, sends its own
// account of what it sent and received, and closes: the account must agree with
// the client's.
type Bulk struct {
	Common
	Conns     int
	Direction Direction
	Duration  time.Duration
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured. The measured time ends when the
// last byte has arrived.
func (m Bulk) Run(ctx context.Context) (*report.Report, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	workers, err := m.workers()
	defer freeAll(workers)
	if err != nil {
		return nil, err
	}
	r := m.report()
	before(m.Common, r)
	start := time.Now()
	end := start.Add(m.Duration)
	err = each(workers, func(w *bulkWorker) error { return w.run(ctx, end) })
	r.Elapsed = time.Since(start)
	after(m.Common, r)
	r.Interrupted = ctx.Err() != nil
	for _, w := range workers {
		w.addTo(r)
	}
	return r, err
}

func (m Bulk) check() error {
	var direction error
	if m.Direction >= directions {
		_, direction = ParseDirection(m.Direction.String())
	}
	return errors.Join(m.Common.check(), atLeast("conns", m.Conns, 1), descriptorsFor(m.Conns), direction,
		atLeast("duration", m.Duration, time.Millisecond))
}

func (m Bulk) report() *report.Report {
	return &report.Report{
		Mode: "bulk", Target: m.Target.String(), Started: time.Now(),
		Settings: m.settings(setting("conns", m.Conns), setting("direction", m.Direction),
			setting("duration", m.Duration)),
		Sessions: report.Sessions{Wanted: uint64(m.Conns)},
	}
}

func (m Bulk) workers() ([]*bulkWorker, error) {
	loops := m.loops(m.Conns)
	pattern := stream.NewPattern()
	var workers []*bulkWorker
	for i := range loops {
		st, err := newStation(m.Common, i, 0)
		if err != nil {
			return workers, err
		}
		w := &bulkWorker{station: st, pattern: pattern, direction: m.Direction}
		for range share(m.Conns, loops, i) {
			w.transfers = append(w.transfers, newTransfer(w))
		}
		workers = append(workers, w)
	}
	return workers, nil
}
