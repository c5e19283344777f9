package reactor

import (
	"math/rand/v2"
	"testing"
	"time"
)

// alarm is a timer that tells a function when it is due.
type alarm struct {
	Timer
	due func()
}

func (a *alarm) Expire() { a.due() }

// Timers fire in the order of their deadlines, each once, none early, and not
// at all when disarmed.
func TestTimersFireInOrder(t *testing.T) {
	l := startLoop(t)
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 300
	done := make(chan struct{})
	left := 0
	last := time.Duration(0)
	arm := func() {
		a, deadline := new(alarm), time.Duration(0)
		a.due = func() {
			if now := l.Now(); now < deadline {
				t.Errorf("due at %v, fired at %v", deadline, now)
			}
			if deadline+tick <= last {
				t.Errorf("the timer of %v fired after that of %v", deadline, last)
			}
			last = max(last, deadline)
			if left--; left == 0 {
				close(done)
			}
		}
		moved := rng.IntN(3) == 0
		if moved {
			l.After(&a.Timer, time.Duration(rng.IntN(100))*time.Millisecond, a)
		}
		d := time.Duration(rng.IntN(100_000)) * time.Microsecond
		deadline = l.Now() + d
		l.After(&a.Timer, d, a)
		left++
	}
	disarmed := func() {
		a := &alarm{due: func() { t.Error("a disarmed timer fired") }}
		l.After(&a.Timer, time.Duration(rng.IntN(100))*time.Millisecond, a)
		l.Disarm(&a.Timer)
		if a.Armed() {
			t.Error("still armed")
		}
	}
	l.do(func() {
		for range n {
			arm()
			disarmed()
		}
	})
	<-done
}

// A timer that arms itself again while it fires.
func TestTimerRearmsItself(t *testing.T) {
	l := startLoop(t)
	done := make(chan struct{})
	l.do(func() {
		a, fired := new(alarm), 0
		a.due = func() {
			if fired++; fired == 5 {
				close(done)
				return
			}
			l.After(&a.Timer, time.Millisecond, a)
		}
		l.After(&a.Timer, time.Millisecond, a)
	})
	<-done
}

// An earlier deadline brings the wake-up forward, and the later one still
// comes.
func TestEarlierTimerComesFirst(t *testing.T) {
	l := startLoop(t)
	fired := make(chan string, 2)
	l.do(func() {
		late := &alarm{due: func() { fired <- "late" }}
		early := &alarm{due: func() { fired <- "early" }}
		l.After(&late.Timer, 8*tick, late)
		l.After(&early.Timer, tick, early)
	})
	if first, second := <-fired, <-fired; first != "early" || second != "late" {
		t.Errorf("fired %s, %s", first, second)
	}
}

// A loop that had no timer for longer than a rotation finds its place again.
func TestTimerAfterAPause(t *testing.T) {
	l := startLoop(t)
	fired := make(chan struct{})
	l.do(func() {
		l.clock = l.clock.Add(-3 * slots * tick) // as if so much time had passed
		a := &alarm{due: func() { close(fired) }}
		l.After(&a.Timer, tick, a)
		if due := a.Timer.due; due < 3*slots {
			t.Errorf("armed for tick %d of a loop that stands behind tick %d", due, 3*slots)
		}
	})
	<-fired
}
