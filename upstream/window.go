package upstream

import (
	"sync/atomic"
	"time"
)

const (
	// slots is how finely a window moves: an attempt is forgotten when it is
	// between slots-1 and slots slots old.
	slots     = 10
	minWindow = slots * time.Millisecond

	// A slot is one word: when it is of, what was attempted then, what failed.
	// 28 bits of the slot's number last for 8 years of slots of a second.
	slotBits = 18
	slotMax  = 1<<slotBits - 1 // attempts that are counted per slot
)

// window counts attempts and failures of the last moments, without locks.
type window struct {
	slots [slots]atomic.Uint64
}

// add counts an attempt in the slot of that number, from 1 on. A slot that is
// full stays as it is; an attempt older than what is in its slot is forgotten.
func (w *window) add(number uint64, failed bool) {
	slot := &w.slots[number%slots]
	for {
		old := slot.Load()
		counted := old
		switch at := old >> (2 * slotBits); {
		case at < number:
			counted = number << (2 * slotBits)
		case at > number:
			return
		}
		if counted>>slotBits&slotMax == slotMax {
			return
		}
		counted += 1 << slotBits
		if failed {
			counted++
		}
		if slot.CompareAndSwap(old, counted) {
			return
		}
	}
}

// sum counts what isn't older than the window when number is the present slot.
func (w *window) sum(number uint64) (attempts, failures int) {
	for i := range w.slots {
		slot := w.slots[i].Load()
		if slot>>(2*slotBits)+slots > number {
			attempts += int(slot >> slotBits & slotMax)
			failures += int(slot & slotMax)
		}
	}
	return attempts, failures
}

// clear forgets everything.
func (w *window) clear() {
	for i := range w.slots {
		w.slots[i].Store(0)
	}
}
