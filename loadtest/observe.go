//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// window is the measured part of a run: what is completed within it counts.
type window struct{ from, to time.Time }

// newWindow returns the window of length d that begins after the warm-up.
func newWindow(warmUp, d time.Duration) window {
	from := time.Now().Add(warmUp)
	return window{from, from.Add(d)}
}

func (w window) holds(t time.Time) bool { return !t.Before(w.from) && t.Before(w.to) }

// observe reads the server and the kernel at both ends of the window into r,
// while run, which must end soon after the window, produces the load. If run
// ends early, because every session failed or ctx ended, so does the window.
func (w window) observe(ctx context.Context, c Common, r *report.Report, run func() error) error {
	finished := make(chan struct{})
	var runErr error
	go func() {
		defer close(finished)
		runErr = run()
	}()
	waitUntil(ctx, w.from, finished)
	start := time.Now()
	before(c, r)
	waitUntil(ctx, w.to, finished)
	after(c, r)
	r.Elapsed = min(time.Since(start), w.to.Sub(w.from))
	<-finished
	r.Interrupted = ctx.Err() != nil
	return runErr
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

// before reads what the server and the kernel use at the start.
func before(c Common, r *report.Report) {
	r.Kernel.Before, _ = measure.ReadKernel(c.Server.Proc)
	if len(c.Server.Roots) == 0 {
		return
	}
	r.Server = &report.Server{PIDs: c.Server.Roots}
	r.Server.Before = usage(c, r.Server)
	r.Server.After = r.Server.Before
}

// after reads what they use at the end. A server that has died keeps its last
// sample, and the report says so.
func after(c Common, r *report.Report) {
	r.Kernel.After, _ = measure.ReadKernel(c.Server.Proc)
	if r.Server != nil {
		r.Server.After = usage(c, r.Server)
	}
}

func usage(c Common, s *report.Server) measure.Usage {
	u, err := c.Server.Usage()
	if err != nil {
		s.Error = err.Error()
		return s.After
	}
	return u
}

// sampler reads the server every interval until stop is called.
func sampler(c Common, s *report.Server, every time.Duration) (stop func()) {
	if s == nil {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		sample(c, s, every, quit)
	}()
	return func() {
		close(quit)
		<-gone
	}
}

func sample(c Common, s *report.Server, every time.Duration, quit <-chan struct{}) {
	start := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
			if u, err := c.Server.Usage(); err == nil {
				s.Series = append(s.Series, report.Sample{At: time.Since(start), Usage: u})
			}
		}
	}
}
