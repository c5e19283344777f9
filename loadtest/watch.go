//go:build linux

package loadtest

import (
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/progress"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// showEvery is the distance of calls to Common.Progress.
	showEvery = 200 * time.Millisecond
	// defaultSampleEvery is the distance of samples over time.
	defaultSampleEvery = time.Second
)

// watch looks at the load, the server and the machine while a run lasts, and
// writes what it sees into the report.
type watch struct {
	load  load
	parts []part
	every time.Duration

	mu      sync.Mutex // guards what follows
	report  *report.Report
	phase   phase
	entered time.Time       // the phase
	atEntry report.Progress // of the phase
	began   time.Time       // zero until begin
	sampled time.Time
	ended   bool

	quit, gone chan struct{}
}

func newWatch(l load, parts []part, r *report.Report) *watch {
	w := &watch{load: l, parts: parts, report: r, every: l.common().SampleEvery, quit: make(chan struct{}), gone: make(chan struct{})}
	if w.every == 0 {
		w.every = defaultSampleEvery
	}
	go w.turn()
	return w
}

// stop ends the watch's goroutine.
func (w *watch) stop() {
	close(w.quit)
	<-w.gone
}

// turn shows and samples until stop is called.
func (w *watch) turn() {
	defer close(w.gone)
	ticker := time.NewTicker(min(showEvery, w.every))
	defer ticker.Stop()
	tell := w.load.common().Progress
	for {
		select {
		case <-w.quit:
			return
		case now := <-ticker.C:
			// Not under the mutex: a terminal may make its writers wait.
			if state := w.look(now); tell != nil {
				tell(state)
			}
		}
	}
}

// look samples if it is time to, and says how far the run is.
func (w *watch) look(now time.Time) progress.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.began.IsZero() && !w.ended && now.Sub(w.sampled) >= w.every {
		w.sample(now, nil)
	}
	state := progress.State{Phase: w.phase.String(), Progress: w.progress(), Elapsed: now.Sub(w.entered)}
	plan := w.load.plan()
	switch w.phase {
	case opening:
		state.Done, state.Total = float64(state.Open), float64(w.load.sessions())
	case running:
		state.Done, state.Total = state.Elapsed.Seconds(), (plan.warmUp + plan.duration).Seconds()
	case verifying:
		state.Done, state.Total = float64(state.Operations-w.atEntry.Operations), float64(w.atEntry.Open)
	}
	return state
}

func (w *watch) progress() report.Progress {
	var sum report.Progress
	for _, p := range w.parts {
		sum.Add(p.progress())
	}
	return sum
}

// enter notes that a phase begins.
func (w *watch) enter(p phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.entered, w.atEntry = p, time.Now(), w.progress()
}

// begin reads what the server and the kernel use at the start of what is
// measured, which is now or was a moment ago.
func (w *watch) begin(start time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.load.common()
	if len(c.Server.Roots) > 0 {
		w.report.Server = &report.Server{PIDs: c.Server.Roots}
		w.report.Server.Before = w.usage()
		w.report.Server.After = w.report.Server.Before
	}
	w.report.Kernel.Before, _ = measure.ReadKernel(c.Server.Proc)
	w.began = start
	w.sample(w.began, &w.report.Kernel.Before)
}

// end reads what they use at the end. A server that has died keeps its last
// sample, and the report says so.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.ended = true
	w.report.Elapsed = max(now.Sub(w.began), 0)
	if plan := w.load.plan(); plan.extent == measuresWindow {
		w.report.Elapsed = min(w.report.Elapsed, plan.duration)
	}
	if w.report.Server != nil {
		w.report.Server.After = w.usage()
	}
	w.report.Kernel.After, _ = measure.ReadKernel(w.load.common().Server.Proc)
	w.sample(now, &w.report.Kernel.After)
}

// elapsed is the time since begin.
func (w *watch) elapsed() time.Duration { return time.Since(w.began) }

// sample appends to the report's series. kernel is nil if it hasn't been read
// just now; nor has the server then.
func (w *watch) sample(now time.Time, kernel *measure.Kernel) {
	w.sampled = now
	s := report.Sample{At: max(now.Sub(w.began), 0), Progress: w.progress()}
	if kernel == nil {
		s.Kernel, _ = measure.ReadKernel(w.load.common().Server.Proc)
		if w.report.Server != nil {
			w.report.Server.After = w.usage()
		}
	} else {
		s.Kernel = *kernel
	}
	if w.report.Server != nil {
		usage := w.report.Server.After
		s.Usage = &usage
	}
	w.report.Series = append(w.report.Series, s)
}

// usage reads the server. If it can't be read, the last sample stands.
func (w *watch) usage() measure.Usage {
	u, err := w.load.common().Server.Usage()
	if err != nil {
		w.report.Server.Error = err.Error()
		return w.report.Server.After
	}
	return u
}
