package engine

import (
	"log/slog"
	"math/bits"
	"time"
)

// phase is a part of a session's life before it is established, as logs have it.
type phase uint8

const (
	phaseDetect phase = iota
	phaseTLS
	phaseResolve
	phaseWake
	phaseConnect
	phaseBackendTLS
	phaseOpen
	timedPhases
)

var phaseNames = [timedPhases]string{
	phaseDetect:     "detect",
	phaseTLS:        "tls",
	phaseResolve:    "resolve",
	phaseWake:       "wake",
	phaseConnect:    "connect",
	phaseBackendTLS: "backend_tls",
	phaseOpen:       "open",
}

// phaseOf returns the phase that a state belongs to, if it is part of one.
func phaseOf(state State) (p phase, ok bool) {
	switch state {
	case Introducing, Detecting:
		return phaseDetect, true
	case Securing:
		return phaseTLS, true
	case Resolving:
		return phaseResolve, true
	case Waking:
		return phaseWake, true
	case Connecting:
		return phaseConnect, true
	case SecuringBackend:
		return phaseBackendTLS, true
	case Opening:
		return phaseOpen, true
	}
	return 0, false
}

// timings are how long a session was in each phase altogether. They are kept until
// its end, by every idle session, and so have one byte each. Zero: in none.
type timings [timedPhases]packedTime

// note adds a stay in a state, if that is timed. Both times are since the same
// start; entered is 0 for none.
func (t *timings) note(state State, entered, left time.Duration) {
	if p, timed := phaseOf(state); timed && entered > 0 {
		t.add(p, left-entered)
	}
}

func (t *timings) add(p phase, d time.Duration) {
	before, _ := t[p].duration()
	t[p] = packTime(before + d)
}

// attr is the group of the phases that the session was in.
func (t *timings) attr() slog.Attr {
	all := make([]slog.Attr, 0, timedPhases)
	for p, packed := range t {
		if d, was := packed.duration(); was {
			all = append(all, slog.Duration(phaseNames[p], d))
		}
	}
	return slog.Attr{Key: "phases", Value: slog.GroupValue(all...)}
}

// packedTime is a length of time in one byte, from 0 to 4 h: exact to the
// microsecond below 16 µs, to a sixteenth of itself above that.
//
//	0       none
//	1 + n   n < 8: n microseconds
//	        else: the top bit and the three behind it, n%8, of a number of
//	        microseconds that has n/8+3 bits
type packedTime uint8

// packedSteps is how many values there are from a power of two to the next.
const packedSteps = 8

// longestPacked is what has no more than the last code.
const longestPacked = 254

// packTime returns the time's code; what is longer than any has the last one.
func packTime(d time.Duration) packedTime {
	us := uint64(max(d, 0).Round(time.Microsecond) / time.Microsecond)
	if us < packedSteps {
		return packedTime(1 + us)
	}
	exponent := bits.Len64(us / packedSteps)
	n := uint64(exponent*packedSteps) + us>>(exponent-1)%packedSteps
	return packedTime(1 + min(n, longestPacked))
}

// duration is the middle of the times that have the code; false is none.
func (p packedTime) duration() (d time.Duration, some bool) {
	if p == 0 {
		return 0, false
	}
	n := uint64(p - 1)
	if n < packedSteps {
		return time.Duration(n) * time.Microsecond, true
	}
	exponent := n/packedSteps - 1
	us := (packedSteps + n%packedSteps) << exponent
	return time.Duration(us)*time.Microsecond + (time.Duration(1)<<exponent-1)*time.Microsecond/2, true
}
