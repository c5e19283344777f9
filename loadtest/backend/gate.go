//go:build linux

package backend

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// gate says whether a loop accepts, and if not, what for it waits.
type gate uint8

const (
	// accepting is the first state. It ends with full or starved.
	accepting gate = iota
	// full is entered when the loop holds as many connections as it may, and
	// ends when half of them are gone: at the bound itself it would come and
	// go with every connection, though a successor accepts them all.
	full
	// starved is entered when accepting failed for lack of descriptors or
	// memory, and ends with the tick. The listener stays ready all the while,
	// so that the loop would spin.
	starved
)

// String returns the state's name.
func (g gate) String() string {
	switch g {
	case accepting:
		return "accepting"
	case full:
		return "full"
	case starved:
		return "starved"
	default:
		return fmt.Sprintf("gate(%d)", uint8(g))
	}
}

// pass makes the transition to g. If the kernel refuses, the gate stays as it
// is, and what brought it here comes again.
func (w *worker) pass(g gate) {
	interest := uint32(0)
	if g == accepting {
		interest = poll.Readable
	}
	if w.loop.Modify(w.listener, interest) != nil {
		return
	}
	w.gate = g
	if g != accepting {
		w.stats.paused.Add(1)
	}
}

// acceptFailed is called with what Accept returned.
func (w *worker) acceptFailed(err error) {
	if err != unix.EAGAIN {
		w.pass(starved)
		w.callSuccessor()
	}
}

// announce calls for a successor when nine tenths of the room are taken: the
// rest is for those who come while it starts.
func (w *worker) announce() {
	if w.open() >= w.room-w.room/10 {
		w.callSuccessor()
	}
}

func (w *worker) callSuccessor() {
	select {
	case w.crowded <- struct{}{}:
	default: // said already
	}
}
