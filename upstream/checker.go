package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Check looks once at a backend: nil if it serves. The error is best an *Error,
// or of a dial; ErrAsleep ends the checks. It is called on a goroutine of the
// Checker's, never twice at once for an endpoint, and must end with ctx.
type Check func(ctx context.Context) error

// ErrAsleep is a Check's answer that the resource sleeps or has gone: it isn't
// checked any more until a session wants it, and its health is Unchecked.
var ErrAsleep = errors.New("the resource sleeps")

// renewal is how often a Check is replaced by a new one while sessions come, so
// that it doesn't look at an address of old.
const renewal = time.Minute

// Checker looks at the endpoints in use, at intervals, and sets their health.
//
// It looks at those only that sessions have wanted lately (HealthOptions.InUse) and
// for which it was given a Check. An endpoint nobody wants any more becomes
// Unchecked. Each endpoint has a goroutine that waits; Concurrency bounds those
// that check.
type Checker struct {
	common *common
	places chan struct{}
	end    context.CancelFunc
	ended  context.Context
	wg     sync.WaitGroup

	mu      sync.Mutex
	watched map[*Endpoint]*watch
}

// watch is an endpoint that is looked at.
type watch struct {
	checker  *Checker
	endpoint *Endpoint
	check    atomic.Pointer[Check]
	// inRow are the checks in a row with the same result, which is good or not.
	inRow int
	good  bool
}

// NewChecker returns a Checker of the Registry's endpoints with the Registry's
// options. Close ends it.
func (r *Registry) NewChecker() *Checker {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Checker{common: r.shared(), watched: make(map[*Endpoint]*watch)}
	c.places = make(chan struct{}, c.common.options().Health.Concurrency)
	c.ended, c.end = context.WithCancel(context.Background())
	return c
}

// Wants says whether the caller should make a Check for the endpoint and call Watch:
// true for one caller a minute while checks are on. To be asked for every
// session that wants the endpoint; takes an atomic load.
func (c *Checker) Wants(e *Endpoint, now time.Time) bool {
	if c.common.options().Health.Mode == Off {
		return false
	}
	last, at := e.renewed.Load(), int64(max(c.common.at(now), 1))
	due := last == 0 || at-last >= int64(renewal)
	return due && e.renewed.CompareAndSwap(last, at)
}

// Watch has the endpoint checked from now on, in this way. Does nothing once
// MaxEndpoints are, or after Close.
func (c *Checker) Watch(e *Endpoint, check Check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, known := c.watched[e]
	if !known {
		if len(c.watched) >= c.common.options().Health.MaxEndpoints || c.ended.Err() != nil {
			return
		}
		w = &watch{checker: c, endpoint: e}
		c.watched[e] = w
	}
	w.check.Store(&check)
	if !known {
		c.wg.Go(w.run)
	}
}

// Close ends all checks and waits for them.
func (c *Checker) Close() {
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
	c.wg.Wait()
}

// run looks at the endpoint until nobody wants it any more.
func (w *watch) run() {
	defer w.forget()
	interval := w.checker.common.options().Health.Interval
	// The first checks of many endpoints that begin at once are spread out.
	wait := rand.N(interval) + 1
	for w.sleep(wait) && w.wanted() && w.look() {
		wait = jitter(interval)
	}
}

// sleep says whether the Checker isn't closed meanwhile.
func (w *watch) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.checker.ended.Done():
		return false
	}
}

// wanted says whether the endpoint is in use.
func (w *watch) wanted() bool {
	e := w.endpoint
	unwanted := e.common.at(time.Now()) - time.Duration(e.wanted.Load())
	return e.sessions.Load() > 0 || unwanted < e.common.options().Health.InUse
}

// look checks once, and says whether to go on.
func (w *watch) look() bool {
	c := w.checker
	select {
	case c.places <- struct{}{}:
	case <-c.ended.Done():
		return false
	}
	defer func() { <-c.places }()
	ctx, cancel := context.WithTimeout(c.ended, c.common.options().Health.Timeout)
	defer cancel()
	err := (*w.check.Load())(ctx)
	if errors.Is(err, ErrAsleep) || c.ended.Err() != nil {
		return false
	}
	w.judge(err)
	return true
}

// judge counts a check's result and draws its conclusion.
func (w *watch) judge(err error) {
	outcome, good := Classify(err), err == nil
	if !good && outcome.verdict() == neutral { // ours
		return
	}
	e, o := w.endpoint, &w.endpoint.common.options().Health
	if good != w.good {
		w.inRow = 0
	}
	w.good = good
	w.inRow++
	if good {
		e.checks[1].Add(1)
		if Health(e.health.Load()) == Unchecked || w.inRow >= o.Rise {
			e.setHealth(Up, nil)
		}
		return
	}
	e.checks[0].Add(1)
	e.fail(outcome)
	if w.inRow >= o.Fall {
		e.setHealth(Down, err)
	}
}

// forget ends the watch.
func (w *watch) forget() {
	c := w.checker
	c.mu.Lock()
	delete(c.watched, w.endpoint)
	c.mu.Unlock()
	w.endpoint.setHealth(Unchecked, nil)
	w.endpoint.renewed.Store(0)
}

// setHealth changes the health, and tells if that is a change.
func (e *Endpoint) setHealth(h Health, cause error) {
	if old := Health(e.health.Swap(uint32(h))); old != h && e.common.options().OnHealth != nil {
		e.common.options().OnHealth(e.Name, h, cause)
	}
}
