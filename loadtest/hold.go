//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// holdWarmUp is how many sessions are opened, used and closed before the
	// first look at the server's memory, so that what it allocates once (code
	// pages, pools, arenas) isn't charged to the sessions.
	holdWarmUp = 64
	// settle is how long the server is left alone before each look at it.
	settle = 500 * time.Millisecond
	// sampleEvery is the distance of samples over time.
	sampleEvery = time.Second
)

// Hold opens sessions at a rate, makes one exchange on each with an echo
// backend, leaves them idle, and then makes another exchange on each to see
// that it is alive. What the server's memory has grown by is read before that.
type Hold struct {
	Common
	Sessions int
	Rate     int           // sessions opened per second
	Touch    int           // bytes moved each way before the exchange; 0 for none
	Payload  int           // bytes each way of the exchange
	Hold     time.Duration // how long the sessions stay idle
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m Hold) Run(ctx context.Context) (*report.Report, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	workers, err := m.workers()
	defer freeAll(workers)
	if err != nil {
		return nil, err
	}
	r := m.report()
	err = m.steps(ctx, workers, r)
	for _, w := range workers {
		w.addTo(r)
	}
	r.Interrupted = ctx.Err() != nil
	return r, err
}

// steps are the parts of a run; all loops finish one before the next begins.
func (m Hold) steps(ctx context.Context, workers []*holdWorker, r *report.Report) error {
	if err := each(workers, func(w *holdWorker) error { return w.warmUp(ctx) }); err != nil {
		return err
	}
	before(m.Common, r)
	start := time.Now()
	err := m.occupy(ctx, workers, r)
	r.Elapsed = time.Since(start)
	after(m.Common, r)
	return errors.Join(err, each(workers, func(w *holdWorker) error { return w.verify(ctx) }))
}

// occupy opens the sessions and leaves them idle, while the server is sampled.
func (m Hold) occupy(ctx context.Context, workers []*holdWorker, r *report.Report) error {
	defer sampler(m.Common, r.Server, sampleEvery)()
	if err := each(workers, func(w *holdWorker) error { return w.ramp(ctx) }); err != nil {
		return err
	}
	return each(workers, func(w *holdWorker) error { return w.idle(ctx, max(m.Hold, settle)) })
}

func (m Hold) check() error {
	return errors.Join(m.Common.check(), atLeast("sessions", m.Sessions, 1), descriptorsFor(m.Sessions),
		atLeast("rate", m.Rate, 1),
		atLeast("payload", m.Payload, 1), atLeast("touch", m.Touch, 0), atLeast("hold", m.Hold, 0))
}

func (m Hold) report() *report.Report {
	return &report.Report{
		Mode: "hold", Target: m.Target.String(), Started: time.Now(),
		Settings: m.settings(setting("sessions", m.Sessions), setting("rate", m.Rate), setting("touch", m.Touch),
			setting("payload", m.Payload), setting("hold", m.Hold)),
		Sessions: report.Sessions{Wanted: uint64(m.Sessions)},
	}
}

func (m Hold) workers() ([]*holdWorker, error) {
	loops := m.loops(m.Sessions)
	var workers []*holdWorker
	for i := range loops {
		st, err := newStation(m.Common, i, max(m.Touch, m.Payload))
		if err != nil {
			return workers, err
		}
		workers = append(workers, &holdWorker{
			station: st, touch: m.Touch, payload: m.Payload,
			warm: share(holdWarmUp, loops, i), want: share(m.Sessions, loops, i),
			rate: float64(m.Rate) / float64(loops),
		})
	}
	return workers, nil
}
