//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Exchanges are the settings of RR and Rate.
type Exchanges struct {
	Common
	Conns    int           // connections at the same time
	Payload  int           // bytes each way per exchange
	WarmUp   time.Duration // not measured
	Duration time.Duration // measured
}

func (m Exchanges) check() error {
	return errors.Join(m.Common.check(), atLeast("conns", m.Conns, 1), descriptorsFor(m.Conns),
		atLeast("payload", m.Payload, 1), atLeast("warm-up", m.WarmUp, 0), atLeast("duration", m.Duration, time.Millisecond))
}

func (m Exchanges) report(mode string) *report.Report {
	return &report.Report{
		Mode: mode, Target: m.Target.String(), Started: time.Now(),
		Settings: m.settings(setting("conns", m.Conns), setting("payload", m.Payload),
			setting("warm-up", m.WarmUp), setting("duration", m.Duration)),
		Latency: measure.NewLatencies(),
	}
}

// exchanger is what one loop of RR or Rate has and counts.
type exchanger struct {
	*station
	payload    int
	conns      int
	span       window // what is completed within it counts
	operations uint64
	latency    *measure.Latencies
}

func (e *exchanger) count(s *session, now time.Time) {
	if e.span.holds(now) {
		e.operations++
		e.latency.Add(now.Sub(s.begun))
	}
}

func (e *exchanger) addTo(r *report.Report) {
	r.Operations += e.operations
	r.Latency.Merge(e.latency)
	r.Failures.Merge(&e.failures)
}

// exchangeWorker is an exchanger with a mode's behaviour.
type exchangeWorker interface {
	free()
	// prepare is run before the window is set.
	prepare(context.Context) error
	run(context.Context, window) error
	addTo(*report.Report)
}

// measure runs one worker, made by wrap, on each loop.
func (m Exchanges) measure(ctx context.Context, mode string, wrap func(exchanger) exchangeWorker) (*report.Report, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	workers, err := m.workers(wrap)
	defer freeAll(workers)
	if err != nil {
		return nil, err
	}
	r := m.report(mode)
	if err := each(workers, func(w exchangeWorker) error { return w.prepare(ctx) }); err != nil {
		return nil, err
	}
	span := newWindow(m.WarmUp, m.Duration)
	err = span.observe(ctx, m.Common, r, func() error {
		return each(workers, func(w exchangeWorker) error { return w.run(ctx, span) })
	})
	for _, w := range workers {
		w.addTo(r)
	}
	return r, err
}

func (m Exchanges) workers(wrap func(exchanger) exchangeWorker) ([]exchangeWorker, error) {
	loops := m.loops(m.Conns)
	var workers []exchangeWorker
	for i := range loops {
		st, err := newStation(m.Common, i, m.Payload)
		if err != nil {
			return workers, err
		}
		workers = append(workers, wrap(exchanger{
			station: st, payload: m.Payload, conns: share(m.Conns, loops, i), latency: measure.NewLatencies(),
		}))
	}
	return workers, nil
}
