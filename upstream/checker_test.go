package upstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// checked is a Registry whose endpoints are checked, in a bubble of fake time.
type checked struct {
	Registry
	*Checker
	lock   sync.Mutex
	health []string // what OnHealth was told
}

func newChecked(t *testing.T, change func(*HealthOptions)) *checked {
	c := &checked{}
	c.Options.Health = defaultHealth()
	c.Options.Health.Mode = Protocol
	if change != nil {
		change(&c.Options.Health)
	}
	c.Options.OnHealth = func(endpoint string, h Health, cause error) {
		c.lock.Lock()
		defer c.lock.Unlock()
		c.health = append(c.health, fmt.Sprintf("%s %v %v", endpoint, h, cause))
	}
	if err := c.Options.Validate(); err != nil {
		t.Fatal(err)
	}
	c.Checker = c.NewChecker()
	return c
}

// visited is what a session does first.
func (c *checked) visited(e *Endpoint, check Check) (admitted bool) {
	if now := time.Now(); c.Wants(e, now) {
		c.Watch(e, check)
	}
	return e.Admit(time.Now()) != 0
}

// step lets time pass, in a bubble: a check or two.
func step(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

var errCheck = errors.New("down")

func TestHealthRisesAndFalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		results := []error{nil, errCheck, errCheck, nil, errCheck, errCheck, errCheck, nil, errCheck, nil, nil}
		want := []Health{Up, Up, Up, Up, Up, Up, Down, Down, Down, Down, Up}
		called := make(chan int)
		n := 0
		e := c.Acquire("a:1")
		c.visited(e, func(context.Context) error {
			if n == len(results) {
				return ErrAsleep
			}
			n++
			called <- n
			return results[n-1]
		})
		for i := range results {
			if got := <-called; got != i+1 {
				t.Fatalf("check %d", got)
			}
			synctest.Wait()
			if got := e.Stats().Health; got != want[i] {
				t.Errorf("behind check %d: %v, want %v", i+1, got, want[i])
			}
			if got := e.Admit(time.Now()) != 0; got != (want[i] != Down) {
				t.Errorf("behind check %d: admitted is %v", i+1, got)
			}
		}
		if s := e.Stats(); s.Checks != 5 || s.FailedChecks != 6 || s.Trouble != Failed {
			t.Errorf("%+v", s)
		}
		step(time.Minute) // asleep
		if got, want := fmt.Sprint(c.health), "[a:1 up <nil> a:1 down down a:1 up <nil> a:1 unchecked <nil>]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestDownBeforeItWasEverUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		e := c.Acquire("a:1")
		if !c.visited(e, func(context.Context) error { return &Error{Silent, errCheck} }) {
			t.Error("unchecked, not admitted")
		}
		step(time.Minute)
		if s := e.Stats(); s.Health != Down || s.Trouble != Silent {
			t.Errorf("%v, %v", s.Health, s.Trouble)
		}
	})
}

// TestChecksEnd has no session want the endpoint any more.
func TestChecksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		var checks atomic.Int32
		down := func(context.Context) error { checks.Add(1); return errCheck }
		e := c.Acquire("a:1")
		c.visited(e, down)
		step(time.Hour)
		if checks.Load() < 100 {
			t.Errorf("%d checks in an hour with a session", checks.Load())
		}
		e.Release(0, 0)
		step(time.Minute)
		checks.Store(0)
		step(time.Hour)
		if n := checks.Load(); n != 0 || e.Stats().Health != Unchecked {
			t.Errorf("%d checks, health %v", n, e.Stats().Health)
		}
		// The next one who comes isn't refused, and has it checked again.
		if !c.visited(e, down) {
			t.Error("not admitted")
		}
		step(9 * time.Minute)
		if n := checks.Load(); n == 0 || e.Stats().Health != Down {
			t.Errorf("%d checks, health %v", n, e.Stats().Health)
		}
	})
}

func TestAsleepIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		var checks atomic.Int32
		asleep := func(context.Context) error { checks.Add(1); return fmt.Errorf("x: %w", ErrAsleep) }
		e := c.Acquire("a:1")
		c.visited(e, asleep)
		step(time.Hour)
		if n := checks.Load(); n != 1 {
			t.Errorf("%d checks of one who sleeps", n)
		}
		if !c.visited(e, asleep) {
			t.Error("not admitted")
		}
		step(time.Minute)
		if n := checks.Load(); n != 2 {
			t.Errorf("%d checks once it was wanted again", n)
		}
	})
}

func TestChecksAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		e := c.Acquire("a:1")
		made, used := 0, 0
		for range 130 {
			if c.Wants(e, time.Now()) {
				made++
				this := made
				c.Watch(e, func(context.Context) error { used = this; return nil })
			}
			step(time.Second)
		}
		if made != 3 || used != 3 {
			t.Errorf("%d checks were made in 130 seconds, the last used is %d", made, used)
		}
	})
}

func TestOff(t *testing.T) {
	var r Registry
	c := r.NewChecker()
	defer c.Close()
	if c.Wants(r.Acquire("a:1"), time.Now()) {
		t.Error("checks are off by default")
	}
}

func TestOurFaultsDontCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		e := c.Acquire("a:1")
		c.visited(e, func(context.Context) error { return syscall.EMFILE })
		step(time.Minute)
		if s := e.Stats(); s.Health != Unchecked || s.FailedChecks != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCheckTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		e := c.Acquire("a:1")
		c.visited(e, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		step(time.Minute)
		if s := e.Stats(); s.Health != Down || s.Trouble != TimedOut {
			t.Errorf("%v, %v", s.Health, s.Trouble)
		}
	})
}

func TestCheckerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, func(o *HealthOptions) { o.MaxEndpoints, o.Concurrency = 20, 3 })
		defer c.Close()
		var now, most int
		seen := make(map[string]bool)
		count := func(name string, change int) {
			c.lock.Lock()
			defer c.lock.Unlock()
			now += change
			most, seen[name] = max(most, now), true
		}
		for i := range 100 {
			e := c.Acquire(fmt.Sprint(i))
			c.visited(e, func(ctx context.Context) error {
				count(e.Name, 1)
				<-time.After(time.Second)
				count(e.Name, -1)
				return nil
			})
		}
		step(time.Minute)
		if len(seen) != 20 || most != 3 {
			t.Errorf("%d endpoints, %d at once", len(seen), most)
		}
	})
}

// TestChecksDontAlign has endpoints that begin together not stay together.
func TestChecksDontAlign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		defer c.Close()
		begin := time.Now()
		times := make(chan time.Duration, 10000)
		for i := range 100 {
			c.visited(c.Acquire(fmt.Sprint(i)), func(context.Context) error {
				times <- time.Since(begin)
				return nil
			})
		}
		step(time.Minute)
		perTenth := make(map[time.Duration]int)
		for range len(times) {
			perTenth[<-times/(100*time.Millisecond)]++
		}
		for at, n := range perTenth {
			if n > 20 { // 2 on average
				t.Errorf("%d checks of 100 within a tenth of a second at %v", n, at*100*time.Millisecond)
			}
		}
	})
}

func TestCloseEndsChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(t, nil)
		e := c.Acquire("a:1")
		c.visited(e, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		step(5 * time.Second) // in the middle of the first one
		c.Close()
		c.Watch(c.Acquire("b:1"), func(context.Context) error { t.Error("checked"); return nil })
		step(time.Hour)
		if got := e.Stats().Health; got != Unchecked {
			t.Errorf("health %v", got)
		}
	})
}

func TestWantsDoesntAllocate(t *testing.T) {
	var r Registry
	r.Options.Health = defaultHealth()
	r.Options.Health.Mode = TCP
	c := r.NewChecker()
	defer c.Close()
	e, now := r.Acquire("a:1"), time.Now()
	if n := testing.AllocsPerRun(100, func() { c.Wants(e, now) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
