package upstream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func (r *rig) force(f Forced) {
	r.t.Helper()
	if _, err := r.registry.Force("a:1", f, r.now); err != nil {
		r.t.Fatal(err)
	}
}

// TestForced: what is admitted, by what is forced and what breaker and health say.
func TestForced(t *testing.T) {
	for _, tc := range []struct {
		forced                     Forced
		closed, open, down, probed bool
	}{
		{Auto, true, false, false, true},
		{ForcedOpen, false, false, false, false},
		{ForcedClosed, true, true, true, true},
		{ForcedDrain, false, false, false, false},
	} {
		t.Run(tc.forced.String(), func(t *testing.T) {
			admits := func(prepare func(r *rig)) bool {
				r := newRig(t, defaultBreaker())
				prepare(r)
				r.force(tc.forced)
				return r.try(Served)
			}
			if got := admits(func(*rig) {}); got != tc.closed {
				t.Errorf("closed: %v", got)
			}
			if got := admits((*rig).trip); got != tc.open {
				t.Errorf("open: %v", got)
			}
			if got := admits(func(r *rig) { r.e.setHealth(Down, nil) }); got != tc.down {
				t.Errorf("down: %v", got)
			}
			if got := admits(func(r *rig) {
				r.trip()
				r.openFor(time.Second)
			}); got != tc.probed {
				t.Errorf("time over: %v", got)
			}
		})
	}
}

// TestForcedClosed: it counts, and what it has counted decides afterwards.
func TestForcedClosed(t *testing.T) {
	r := newRig(t, defaultBreaker())
	r.force(ForcedClosed)
	for range 100 {
		if !r.try(Refused) {
			t.Fatal("not admitted")
		}
	}
	r.expect(Closed)
	if s := r.e.Stats(); s.Breaker.Consecutive != 100 || s.Forced != ForcedClosed || s.Trouble != Refused {
		t.Errorf("%+v", s)
	}
	r.force(Auto)
	r.try(Refused)
	r.openFor(time.Second)
}

// TestForcedWithTicketsOut: what was admitted before is reported as ever.
func TestForcedWithTicketsOut(t *testing.T) {
	for _, f := range []Forced{ForcedOpen, ForcedDrain} {
		r := newRig(t, defaultBreaker())
		r.trip()
		r.openFor(time.Second)
		probe := r.admit()
		r.force(f)
		r.e.Report(probe, Served, r.now)
		r.expect(Closed)
		r.force(Auto)
		if !r.try(Served) {
			t.Errorf("%v: not admitted afterwards", f)
		}
	}
	r := newRig(t, defaultBreaker())
	r.trip()
	r.openFor(time.Second)
	probe := r.admit()
	r.force(ForcedClosed)
	r.e.Report(probe, Refused, r.now)
	r.expect(Closed)
	r.e.Report(aside, Refused, r.now) // of one who came as it was being forced
	if s := r.e.Stats(); s.Breaker.Consecutive != 0 || s.Reports[Refused] != 7 {
		t.Errorf("%+v", s)
	}
}

// TestForcedEndpointsAreKept: they aren't forgotten, and bounded.
func TestForcedEndpointsAreKept(t *testing.T) {
	var r Registry
	now := time.Now()
	if known, err := r.Force("unknown:1", Auto, now); known || err != nil || len(r.m) != 0 {
		t.Errorf("auto for one that isn't known: %v, %v, %d endpoints", known, err, len(r.m))
	}
	for i := range maxForced {
		if known, err := r.Force(fmt.Sprintf("h%d:1", i), ForcedDrain, now); known || err != nil {
			t.Fatal(known, err)
		}
	}
	if _, err := r.Force("more:1", ForcedClosed, now); !errors.Is(err, ErrTooManyForced) {
		t.Errorf("one too many: %v", err)
	}
	r.forgetIdle()
	if len(r.m) != maxForced {
		t.Errorf("%d endpoints are left of %d", len(r.m), maxForced)
	}
	for _, to := range []Forced{ForcedOpen, ForcedClosed, Auto, Auto} {
		if known, err := r.Force("h7:1", to, now); !known || err != nil {
			t.Error(to, known, err)
		}
	}
	if _, err := r.Force("more:1", ForcedOpen, now); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := []Forced{r.Shut("h7:1"), r.Shut("h8:1"), r.Shut("more:1"), r.Shut("none:1")}; fmt.Sprint(got) != "[auto drain open auto]" {
		t.Errorf("shut are %v", got)
	}
	for i := range maxForced {
		_, _ = r.Force(fmt.Sprintf("h%d:1", i), Auto, now)
	}
	_, _ = r.Force("more:1", ForcedClosed, now)
	if r.forced != 1 || r.shut.Load() != 0 {
		t.Errorf("%d forced, %d shut, want 1 and 0", r.forced, r.shut.Load())
	}
	for _, name := range []string{"", "h", "h:0", "h:x", ":1"} {
		if _, err := r.Force(name, ForcedOpen, now); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

// TestPickForced: others are picked, and if there is none it is said why.
func TestPickForced(t *testing.T) {
	for _, tc := range []struct {
		forced  map[string]Forced
		open    []string
		want    string
		trouble Outcome
		why     Forced
	}{
		{map[string]Forced{"a:1": ForcedDrain}, nil, "b:1", Connected, Auto},
		{map[string]Forced{"a:1": ForcedDrain, "b:1": ForcedOpen}, nil, "", Connected, ForcedDrain},
		{map[string]Forced{"a:1": ForcedDrain}, []string{"b:1"}, "", TimedOut, Auto},
		{map[string]Forced{"b:1": ForcedOpen}, []string{"a:1"}, "", TimedOut, Auto},
		{map[string]Forced{"b:1": ForcedClosed}, []string{"a:1", "b:1"}, "b:1", Connected, Auto},
	} {
		var r Registry
		tripped(&r, TimedOut, tc.open...)
		for name, f := range tc.forced {
			if _, err := r.Force(name, f, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		c := r.Pick(routeTo("x", resolve.First, "a:1", "b:1"), 0, time.Now())
		got := ""
		if c.Endpoint != nil {
			got = c.Endpoint.Name
		}
		if got != tc.want || c.Trouble != tc.trouble || c.Forced != tc.why {
			t.Errorf("%v, open %v: %q, %v, %v; want %q, %v, %v", tc.forced, tc.open, got, c.Trouble, c.Forced, tc.want, tc.trouble, tc.why)
		}
	}
}

func TestForcedNames(t *testing.T) {
	for f := range forceds {
		if got, err := ParseForced(f.String()); err != nil || got != f {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	if _, err := ParseForced("ajar"); err == nil || forceds.String() != "unknown" {
		t.Error("no error")
	}
}
