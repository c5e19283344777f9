package reactor

import (
	"math/bits"
	"time"
)

const (
	// tick is the resolution of timers. The deadlines of sessions are seconds.
	tick = 10 * time.Millisecond
	// slots is the number of lists; a rotation is slots*tick = 5.12 s, so that
	// a 15 s deadline is looked at three times before it is due.
	slots = 512
)

// Expirer is told that its timer is due, on the timer's loop.
type Expirer interface {
	Expire()
}

// Timer is one deadline, embedded in what it belongs to. The zero value is
// unarmed. It may only be used on the loop it is armed on.
type Timer struct {
	next, prev *Timer
	due        int64 // in ticks since the wheel's start
	owner      Expirer
}

// Armed says whether the timer is waiting.
func (t *Timer) Armed() bool { return t.next != nil }

// wheel is a hashed timing wheel (Varghese and Lauck, scheme 6). Arming and
// disarming are O(1) and allocate nothing.
type wheel struct {
	lists    [slots]Timer // ring heads
	occupied [slots / 64]uint64
	current  int64 // the tick all timers up to which have fired
	count    int
}

func newWheel() *wheel {
	w := new(wheel)
	for i := range w.lists {
		w.lists[i].next, w.lists[i].prev = &w.lists[i], &w.lists[i]
	}
	return w
}

// arm has t tell its owner at the first tick that is not before when (time since the
// wheel's start), at the earliest one tick from now.
func (w *wheel) arm(t *Timer, when time.Duration, owner Expirer) {
	w.disarm(t)
	t.due = max(int64((when+tick-1)/tick), w.current+1)
	t.owner = owner
	slot := t.due % slots
	head := &w.lists[slot]
	t.prev, t.next = head.prev, head
	head.prev.next, head.prev = t, t
	w.occupied[slot/64] |= 1 << (slot % 64)
	w.count++
}

// disarm takes t out; no effect on an unarmed timer.
func (w *wheel) disarm(t *Timer) {
	if t.next == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev, t.owner = nil, nil, nil
	w.count--
	slot := t.due % slots
	if head := &w.lists[slot]; head.next == head {
		w.occupied[slot/64] &^= 1 << (slot % 64)
	}
}

// advance fires every timer due at or before now, in order of their ticks.
// What fires may arm and disarm any timer.
func (w *wheel) advance(now time.Duration) {
	target := int64(now / tick)
	for w.current < target {
		next, any := w.next()
		if !any || next > target {
			w.current = target
			return
		}
		w.current = next
		w.fireSlot()
	}
}

// fireSlot fires what is due at the current tick. Each timer is taken out
// before it fires, and the walk starts over after it, since firing may change
// the list anywhere.
func (w *wheel) fireSlot() {
	head := &w.lists[w.current%slots]
	for t := head.next; t != head; {
		if t.due > w.current {
			t = t.next
			continue
		}
		owner := t.owner
		w.disarm(t)
		owner.Expire()
		t = head.next
	}
}

// next returns the first tick after the current one whose slot holds a timer,
// which may be due a rotation later.
func (w *wheel) next() (int64, bool) {
	if w.count == 0 {
		return 0, false
	}
	start := (w.current + 1) % slots
	for i := int64(0); i <= slots/64; i++ {
		word := (start/64 + i) % (slots / 64)
		set := w.occupied[word]
		if i == 0 {
			set &= ^uint64(0) << (start % 64)
		}
		if set != 0 {
			slot := word*64 + int64(bits.TrailingZeros64(set))
			return w.current + 1 + (slot-start+slots)%slots, true
		}
	}
	return 0, false
}
