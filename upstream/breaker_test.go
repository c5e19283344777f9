package upstream

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// rig drives one endpoint by a clock of its own.
type rig struct {
	t        *testing.T
	registry *Registry
	e        *Endpoint
	now      time.Time
	tickets  []Ticket // admitted, not reported
	changes  []Change
}

func newRig(t *testing.T, o BreakerOptions) *rig {
	r := &rig{t: t}
	r.registry = &Registry{Options: Options{Breaker: o, OnChange: func(c Change) { r.changes = append(r.changes, c) }}}
	if err := r.registry.Options.Validate(); err != nil {
		t.Fatal(err)
	}
	r.e = r.registry.Acquire("a:1")
	r.now = r.e.common.born
	return r
}

// try makes a whole attempt and says whether it was admitted.
func (r *rig) try(o Outcome) bool {
	t := r.e.Admit(r.now)
	r.e.Report(t, o, r.now)
	return t != 0
}

func (r *rig) admit() Ticket {
	r.t.Helper()
	t := r.e.Admit(r.now)
	if t == 0 {
		r.t.Fatal("not admitted")
	}
	return t
}

func (r *rig) expect(p Phase) {
	r.t.Helper()
	if got := r.e.Stats().Breaker.Phase; got != p {
		r.t.Fatalf("breaker is %v, want %v", got, p)
	}
}

// openFor checks that it is open for about d, lets that time pass and returns it.
func (r *rig) openFor(d time.Duration) {
	r.t.Helper()
	r.expect(Open)
	until := r.e.Stats().Breaker.Until
	if got := until.Sub(r.now); got < d*4/5-1 || got > d*6/5+1 {
		r.t.Fatalf("open for %v, want %v give or take a fifth", got, d)
	}
	r.now = until.Add(-1)
	if r.try(Served) {
		r.t.Fatal("admitted before the time is over")
	}
	r.now = until
}

func (r *rig) trip() {
	for range r.e.common.options().Breaker.Failures {
		r.try(Refused)
	}
}

func TestOutcomesThatCount(t *testing.T) {
	for o, want := range map[Outcome]verdict{
		Connected: neutral, Exhausted: neutral, Abandoned: neutral, Served: success,
		Refused: failure, TimedOut: failure, Unreachable: failure, Failed: failure,
		HungUp: failure, Silent: failure, HandshakeFailed: failure,
	} {
		r := newRig(t, defaultBreaker())
		for range 100 {
			r.try(o)
		}
		if got := r.e.Stats().Breaker.Phase; (got == Open) != (want == failure) {
			t.Errorf("100 times %v: %v", o, got)
		}
		if (r.e.Trouble() == o) != (want == failure) && o != Connected {
			t.Errorf("100 times %v: trouble is %v", o, r.e.Trouble())
		}
		// As the probe, it closes, opens anew, or leaves the place to the next.
		r = newRig(t, defaultBreaker())
		r.trip()
		r.openFor(time.Second)
		r.try(o)
		if closed := r.e.Stats().Breaker.Phase == Closed; closed != (want == success) {
			t.Errorf("probe %v: closed is %v", o, closed)
		}
		if again := r.e.Admit(r.now) != 0; again != (want != failure) {
			t.Errorf("behind the probe %v: admitted is %v", o, again)
		}
	}
}

func TestOpensByConsecutiveFailures(t *testing.T) {
	r := newRig(t, defaultBreaker())
	for range 3 {
		for range 4 {
			r.try(Refused)
		}
		r.try(Served)
	}
	r.expect(Closed)
	r.trip()
	r.expect(Open)
	if r.try(Served) {
		t.Error("admitted while open")
	}
	if s := r.e.Stats(); s.Refused != 1 || s.Breaker.Entered[Open] != 1 || s.Breaker.Consecutive != 5 || s.Trouble != Refused {
		t.Errorf("%+v", s)
	}
	if got := r.registry.Changes(); got != [phases]uint64{Open: 1} {
		t.Errorf("changes: %v", got)
	}
}

func TestOpensByFailureRate(t *testing.T) {
	for _, tc := range []struct {
		name     string
		attempts string        // s served, f failed
		every    time.Duration // between two
		want     Phase
	}{
		{"half of 20", strings.Repeat("sf", 10), 0, Open},
		{"more than half of 19", strings.Repeat("fs", 9) + "f", 0, Closed},
		{"less than half", "s" + strings.Repeat("sf", 10), 0, Closed},
		{"half of 20 within 10 seconds", strings.Repeat("sf", 10), 450 * time.Millisecond, Open},
		{"half of 20, but over too long a time", strings.Repeat("sf", 10), 600 * time.Millisecond, Closed},
		{"those who leave don't count", "aaaaaaaaaaaaaaaaaaaafsfsfsf", 0, Closed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := defaultBreaker()
			o.Failures = 0
			r := newRig(t, o)
			for _, a := range tc.attempts {
				r.try(map[rune]Outcome{'s': Served, 'f': Silent, 'a': Abandoned}[a])
				r.now = r.now.Add(tc.every)
			}
			r.expect(tc.want)
		})
	}
}

func TestProbe(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.trip()
	r.openFor(time.Second)
	probe := r.admit()
	r.expect(HalfOpen)
	for range 10 {
		if r.try(Served) {
			t.Fatal("a second probe")
		}
	}
	r.e.Report(probe, Served, r.now)
	r.expect(Closed)
	if !r.try(Served) || r.e.Stats().Breaker.Consecutive != 0 {
		t.Error("not as new")
	}
	want := []Change{{"a:1", Closed, Open, Refused}, {"a:1", Open, HalfOpen, Refused}, {"a:1", HalfOpen, Closed, Refused}}
	if !slices.Equal(r.changes, want) {
		t.Errorf("changes: %v", r.changes)
	}
}

func TestBackOff(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.trip()
	for _, d := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		r.openFor(d * time.Second)
		if !r.try(TimedOut) {
			t.Fatal("no probe")
		}
	}
	// Closed for a moment only, it goes on where it was.
	r.openFor(60 * time.Second)
	r.try(Served)
	r.now = r.now.Add(time.Second)
	r.trip()
	r.openFor(60 * time.Second)
	r.try(Served)
	r.now = r.now.Add(10 * time.Second)
	r.trip()
	r.openFor(time.Second)
}

func TestAbandonedProbe(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.trip()
	r.openFor(time.Second)
	for range 3 {
		if !r.try(Abandoned) {
			t.Fatal("an abandoned probe doesn't free its place")
		}
		r.expect(Open)
	}
	r.try(Refused)
	r.openFor(2 * time.Second)
}

func TestLostProbe(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.trip()
	r.openFor(time.Second)
	lost := r.admit()
	r.now = r.now.Add(time.Minute - 1)
	if r.try(Served) {
		t.Fatal("a second probe")
	}
	r.now = r.now.Add(1)
	second := r.admit()
	r.e.Report(lost, Refused, r.now)
	r.expect(HalfOpen)
	r.e.Report(second, Served, r.now)
	r.expect(Closed)
}

// TestLateReports has attempts of an earlier phase end.
func TestLateReports(t *testing.T) {
	for _, o := range []Outcome{Served, Refused, Abandoned} {
		r := newRig(t, defaultBreaker())
		late := []Ticket{r.admit(), r.admit(), r.admit()}
		r.trip()
		until := r.e.Stats().Breaker.Until
		r.e.Report(late[0], o, r.now)
		r.expect(Open)
		if got := r.e.Stats().Breaker.Until; !got.Equal(until) {
			t.Errorf("late %v moves the end from %v to %v", o, until, got)
		}
		r.openFor(time.Second)
		probe := r.admit()
		r.e.Report(late[1], o, r.now)
		r.expect(HalfOpen)
		r.e.Report(probe, Served, r.now)
		r.e.Report(late[2], o, r.now)
		if s := r.e.Stats().Breaker; s.Phase != Closed || s.Consecutive != 0 {
			t.Errorf("late %v counts: %+v", o, s)
		}
	}
}

func TestForgive(t *testing.T) {
	for _, p := range []Phase{Closed, Open, HalfOpen} {
		r := newRig(t, defaultBreaker())
		for range 4 {
			r.try(Refused)
		}
		if p != Closed {
			r.try(Refused)
		}
		var probe Ticket
		if p == HalfOpen {
			r.openFor(time.Second)
			probe = r.admit()
		}
		r.expect(p)
		r.registry.Forgive("a:1", r.now)
		r.registry.Forgive("never seen:1", r.now)
		r.e.Report(probe, Refused, r.now)
		if s := r.e.Stats().Breaker; s.Phase != Closed || s.Consecutive != 0 {
			t.Errorf("forgiven while %v: %+v", p, s)
		}
		r.trip()
		r.openFor(time.Second)
	}
}

func TestNoBreaker(t *testing.T) {
	o := defaultBreaker()
	o.Failures, o.FailureRate = 0, 0
	r := newRig(t, o)
	for range 1000 {
		if !r.try(Refused) {
			t.Fatal("not admitted")
		}
	}
}

// TestClockGoesBack has loops whose clocks differ a little.
func TestClockGoesBack(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.now = r.now.Add(time.Hour)
	r.try(Served)
	r.now = r.now.Add(-5 * time.Millisecond)
	r.trip()
	r.openFor(time.Second)
}

// TestBreakerConcurrently has many attempts at once at an endpoint that fails and
// recovers: there is never more than one probe, and each change follows on the
// one before.
func TestBreakerConcurrently(t *testing.T) {
	var changes []Change // written under the breaker's lock
	r := Registry{Options: Options{
		Breaker:  BreakerOptions{Failures: 3, FailureRate: 0.5, MinAttempts: 20, Window: minWindow, OpenTime: 1, MaxOpenTime: time.Hour},
		OnChange: func(c Change) { changes = append(changes, c) },
	}}
	e := r.Acquire("a:1")
	var probes, most atomic.Int32
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			now := e.common.born
			for i := range 5000 {
				now = now.Add(time.Millisecond)
				ticket := e.Admit(now)
				if ticket != 0 && ticket.phase() == HalfOpen {
					most.Store(max(most.Load(), probes.Add(1)))
					probes.Add(-1)
				}
				e.Report(ticket, []Outcome{Served, Refused, Silent, Abandoned, TimedOut}[(i/50+worker)%5], now)
			}
		})
	}
	all.Wait()
	if most.Load() > 1 {
		t.Errorf("%d probes at once", most.Load())
	}
	phase := Closed
	for _, c := range changes {
		if c.From != phase {
			t.Fatalf("%v follows on %v", c, phase)
		}
		phase = c.To
	}
	if phase != e.Stats().Breaker.Phase || len(changes) == 0 {
		t.Errorf("%d changes end in %v, the breaker in %v", len(changes), phase, e.Stats().Breaker.Phase)
	}
}

func TestAdmitAndReportDontAllocate(t *testing.T) {
	r := newRig(t, defaultBreaker())
	for _, o := range []Outcome{Served, Abandoned, Refused} { // the last opens it on the way
		if n := testing.AllocsPerRun(100, func() {
			r.now = r.now.Add(time.Millisecond)
			r.try(o)
		}); n > 0 && o != Refused {
			t.Errorf("%v: %v allocations", o, n)
		}
	}
}

func TestWindowIsFull(t *testing.T) {
	var w window
	w.slots[7].Store(7<<(2*slotBits) | (slotMax-1)<<slotBits | 5)
	for range 3 {
		w.add(7, true)
	}
	if attempts, failures := w.sum(7); attempts != slotMax || failures != 6 {
		t.Errorf("%d of %d", failures, attempts)
	}
	w.add(17, false)
	w.add(7, true) // another loop's, of long ago
	if attempts, failures := w.sum(17); attempts != 1 || failures != 0 {
		t.Errorf("%d of %d", failures, attempts)
	}
}

func TestNames(t *testing.T) {
	for _, tc := range []struct{ got, want fmt.Stringer }{
		{Phase(200), Outcome(200)}, {Health(200), Mode(200)},
	} {
		if tc.got.String() != "unknown" || tc.want.String() != "unknown" {
			t.Errorf("%v, %v", tc.got, tc.want)
		}
	}
	for o := range outcomes {
		if o.String() == "" {
			t.Errorf("outcome %d has no name", o)
		}
	}
	for m := range modes {
		if got, err := ParseMode(m.String()); err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("sometimes"); err == nil {
		t.Error("no error")
	}
}

func BenchmarkAdmitReport(b *testing.B) {
	var r Registry
	e := r.Acquire("a:1")
	now := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			e.Report(e.Admit(now), Served, now)
		}
	})
}
