package resolve

// ring holds a bounded number of entries and chooses what to evict by second
// chance (the CLOCK algorithm): a hand goes round, an entry used since it last
// passed is spared once. New entries count as unused, so that a flood of names
// nobody asks for twice pushes out its own kind first.
//
// Not safe for concurrent use, store.mu guards it.
type ring struct {
	slots []*entry
	hand  int
	max   int
}

// maxSpared bounds the work of one eviction, and with it the time store.mu is
// held: after that many spared entries the next one goes, used or not.
const maxSpared = 64

// add puts e in and returns the entry it had to evict, nil if there was room.
func (r *ring) add(e *entry) (evicted *entry) {
	if len(r.slots) < r.max {
		e.slot = len(r.slots)
		r.slots = append(r.slots, e)
		return nil
	}
	r.seek()
	evicted = r.slots[r.hand]
	e.slot = r.hand
	r.slots[r.hand] = e
	r.advance()
	return evicted
}

// remove takes e out; the last entry moves to its place.
func (r *ring) remove(e *entry) {
	last := len(r.slots) - 1
	moved := r.slots[last]
	moved.slot = e.slot
	r.slots[e.slot] = moved
	r.slots[last] = nil
	r.slots = r.slots[:last]
}

// clear takes all entries out and returns them.
func (r *ring) clear() []*entry {
	all := r.slots
	r.slots, r.hand = nil, 0
	return all
}

// seek moves the hand to an entry that may go.
func (r *ring) seek() {
	for range maxSpared {
		if !r.slots[r.hand].used.Swap(false) {
			return
		}
		r.advance()
	}
}

func (r *ring) advance() { r.hand = (r.hand + 1) % r.max }
