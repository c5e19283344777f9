//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// conductor leads all parts of a run through its phases and looks at the
// server meanwhile.
type conductor struct {
	load   load
	parts  []part
	report *report.Report
	watch  *watch
}

// conduct runs a load. The report is complete also if sessions failed or ctx
// ended; an error means that nothing could be measured.
func conduct(ctx context.Context, l load) (*report.Report, error) {
	if err := errors.Join(l.common().check(), l.check()); err != nil {
		return nil, err
	}
	parts, err := enlist(ctx, l)
	if err != nil {
		return nil, err
	}
	defer freeAll(parts)
	r := &report.Report{Mode: l.mode(), Target: l.common().targets(), Started: time.Now(), Settings: l.settings()}
	c := conductor{load: l, parts: parts, report: r, watch: newWatch(l, parts, r)}
	err = c.steps(ctx)
	c.watch.stop()
	r.Interrupted = ctx.Err() != nil
	return r, errors.Join(err, c.count())
}

// enlist starts what produces the load: workers if one process isn't enough.
func enlist(ctx context.Context, l load) ([]part, error) {
	s, err := shapeOf(l)
	if err != nil {
		return nil, err
	}
	seats := s.processes * s.loops
	var parts []part
	for i := range s.processes {
		p, err := newPart(ctx, l, seat{i * s.loops, seats}, s)
		if err != nil {
			freeAll(parts)
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func newPart(ctx context.Context, l load, first seat, s shape) (part, error) {
	if s.processes == 1 {
		return newLoops(l, first, s.loops)
	}
	return startProcess(ctx, l, first, s.loops)
}

func freeAll(parts []part) {
	for _, p := range parts {
		p.free()
	}
}

func (c *conductor) steps(ctx context.Context) error {
	if err := c.do(ctx, preparing, window{}); err != nil {
		return err
	}
	plan := c.load.plan()
	if plan.extent == measuresOpening {
		c.watch.begin(time.Now())
		err := c.do(ctx, opening, window{})
		c.report.Opening = c.watch.elapsed()
		if err != nil {
			return err
		}
	}
	if err := c.window(ctx, plan); err != nil {
		return err
	}
	return c.do(ctx, verifying, window{})
}

// window lets the parts load the server. If that ends early, because every
// session failed or ctx ended, so does what is measured.
func (c *conductor) window(ctx context.Context, p plan) error {
	span := newWindow(p.warmUp, p.duration)
	var err error
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		err = c.do(ctx, running, span)
	}()
	if p.extent != measuresOpening {
		waitUntil(ctx, span.From, finished)
		c.watch.begin(span.From)
	}
	if p.extent != measuresAll {
		waitUntil(ctx, span.To, finished)
		c.watch.end()
	}
	<-finished
	if p.extent == measuresAll {
		c.watch.end()
	}
	return err
}

// waitUntil returns at the time t, or when finished is closed or ctx ends.
func waitUntil(ctx context.Context, t time.Time, finished <-chan struct{}) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-finished:
	case <-ctx.Done():
	}
}

func (c *conductor) do(ctx context.Context, p phase, span window) error {
	c.watch.enter(p)
	return each(ctx, c.parts, func(ctx context.Context, one part) error { return one.do(ctx, p, span) })
}

func (c *conductor) count() error {
	var problems []error
	for _, p := range c.parts {
		counts, err := p.counts()
		if err != nil {
			problems = append(problems, err)
			continue
		}
		c.report.Counts.Merge(counts)
	}
	return errors.Join(problems...)
}
