package engine

import (
	"testing"
	"time"
)

// longestExact is beyond the last code's first value: longer times are all alike.
const longestExact = 4 * time.Hour

// checkPacked fails unless a time survives packing: to the microsecond if it is
// short, to a sixteenth of it else.
func checkPacked(t *testing.T, d time.Duration) {
	t.Helper()
	got, some := packTime(d).duration()
	if !some {
		t.Fatalf("%v was packed as none", d)
	}
	most := max(d/16, 500*time.Nanosecond) + 500*time.Nanosecond
	if off := (got - d).Abs(); off > most {
		t.Errorf("%v came back as %v: off by %v, want at most %v", d, got, off, most)
	}
}

func TestPackedTimesAreNear(t *testing.T) {
	for us := time.Duration(0); us < 5000; us++ {
		checkPacked(t, us*time.Microsecond)
	}
	for d := time.Microsecond; d < longestExact; d += d/50 + 1 {
		checkPacked(t, d)
	}
}

func TestPackedTimesAreInOrder(t *testing.T) {
	before := packTime(0)
	for d := time.Duration(0); d < 2*longestExact; d += d/97 + 100 {
		p := packTime(d)
		if p < before {
			t.Fatalf("the code of %v is %d, of less time %d", d, p, before)
		}
		before = p
	}
}

func TestEveryCodeIsItself(t *testing.T) {
	last := time.Duration(-1)
	for code := 1; code < 256; code++ {
		d, some := packedTime(code).duration()
		if again := packTime(d); !some || int(again) != code {
			t.Errorf("code %d is %v, whose code is %d", code, d, again)
		}
		if d <= last {
			t.Errorf("code %d is %v, the one before it %v", code, d, last)
		}
		last = d
	}
}

func TestPackedTimesAtTheEnds(t *testing.T) {
	if d, some := packedTime(0).duration(); some {
		t.Errorf("none is %v", d)
	}
	if packTime(-time.Second) != packTime(0) {
		t.Error("a clock that goes back isn't no time")
	}
	const forever = 1<<63 - 1
	if d, _ := packTime(forever).duration(); d < longestExact {
		t.Errorf("the longest time is %v", d)
	}
}

func FuzzPackedTime(f *testing.F) {
	f.Add(int64(0), int64(1))
	f.Add(int64(15_500), int64(16_000))
	f.Add(int64(time.Hour), int64(longestExact))
	f.Fuzz(func(t *testing.T, a, b int64) {
		a, b = max(a, 0)%int64(longestExact), max(b, 0)%int64(longestExact)
		checkPacked(t, time.Duration(a))
		if a <= b && packTime(time.Duration(a)) > packTime(time.Duration(b)) {
			t.Errorf("%v has a greater code than %v", time.Duration(a), time.Duration(b))
		}
	})
}

func TestTimingsAddUp(t *testing.T) {
	var all timings
	all.note(Detecting, 0, time.Second) // never entered
	all.note(Relaying, 1, time.Hour)    // not timed
	if got := all.attr().Value.Group(); len(got) != 0 {
		t.Errorf("phases: %v", got)
	}
	for range 3 {
		all.note(Connecting, time.Second, 2*time.Second)
	}
	all.note(Introducing, 1, 1+5*time.Microsecond)
	all.note(Detecting, 1, 1+6*time.Microsecond)
	got := all.attr().Value.Group()
	if len(got) != 2 || got[0].String() != "detect=11µs" || got[1].Key != "connect" {
		t.Fatalf("phases: %v", got)
	}
	if d := got[1].Value.Duration(); (d - 3*time.Second).Abs() > 3*3*time.Second/16 {
		t.Errorf("connect: %v", d)
	}
}

// TestEveryTimedStateIsInAPhase keeps the log's phases and the metric's states
// together.
func TestEveryTimedStateIsInAPhase(t *testing.T) {
	timed := make(map[State]bool)
	for _, s := range timedStates {
		timed[s] = true
	}
	for s := range states {
		if _, ok := phaseOf(s); ok != timed[s] {
			t.Errorf("%v: in a phase %v, measured %v", s, ok, timed[s])
		}
	}
}
