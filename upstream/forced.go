package upstream

import (
	"errors"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Forced is what an operator has decided about an endpoint in its breaker's place.
//
// Attempts that were admitted before keep their Tickets, and their Reports count as
// ever: while attempts aren't admitted the breaker opens, closes and settles its probe
// by them.
type Forced uint8

// What may be forced. The zero value is Auto.
const (
	// Auto: the breaker and the health decide.
	Auto Forced = iota
	// ForcedOpen: no attempt is admitted.
	ForcedOpen
	// ForcedClosed: every attempt is admitted, also while the health is Down. The
	// breaker is closed as it is forced, and goes on counting, but doesn't open; back
	// at Auto the next failure may be one too many. A probe that was under way decides
	// nothing any more.
	ForcedClosed
	// ForcedDrain: no attempt is admitted, and the sessions that are there should go.
	ForcedDrain

	forceds
)

var forcedNames = [forceds]string{Auto: "auto", ForcedOpen: "open", ForcedClosed: "closed", ForcedDrain: "drain"}

// String returns the name that ParseForced takes.
func (f Forced) String() string {
	if f < forceds {
		return forcedNames[f]
	}
	return "unknown"
}

// ParseForced is the inverse of Forced.String.
func ParseForced(s string) (Forced, error) {
	for f, name := range forcedNames {
		if s == name {
			return Forced(f), nil
		}
	}
	return 0, fmt.Errorf("unknown state %q: want auto, open, closed or drain", s)
}

// shuts says that no attempt is admitted.
func (f Forced) shuts() bool { return f == ForcedOpen || f == ForcedDrain }

// maxForced bounds the endpoints that are forced at once: they aren't forgotten.
const maxForced = 4096

// ErrTooManyForced says that as many endpoints are forced as may be.
var ErrTooManyForced = errors.New("too many endpoints are forced")

// Force decides about an endpoint, "host:port" as the resolver writes it, until the
// next call. known says whether it has had sessions or was forced before; one that
// hasn't is remembered. The error says that the name is none, or ErrTooManyForced.
func (r *Registry) Force(name string, f Forced, now time.Time) (known bool, err error) {
	if _, _, err := resolve.ParseEndpoint(name); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, known := r.m[name]
	if !known {
		if f == Auto {
			return false, nil
		}
		r.makeRoom(1)
		e = r.get(name)
	}
	return known, r.force(e, f, now)
}

// force keeps the books of what is forced. The caller holds mu.
func (r *Registry) force(e *Endpoint, f Forced, now time.Time) error {
	was := e.Forced()
	if was == Auto && f != Auto {
		if r.forced >= maxForced {
			return ErrTooManyForced
		}
		r.forced++
	} else if was != Auto && f == Auto {
		r.forced--
	}
	if f.shuts() && !was.shuts() {
		r.shut.Add(1)
	} else if was.shuts() && !f.shuts() {
		r.shut.Add(-1)
	}
	e.breaker.force(e, f, e.common.at(now))
	return nil
}

// Shut is what an endpoint is forced to that admits nobody: ForcedOpen or ForcedDrain,
// else Auto. It takes an atomic load as long as there is no such endpoint.
func (r *Registry) Shut(name string) Forced {
	if r.shut.Load() == 0 {
		return Auto
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.m[name]; e != nil && e.Forced().shuts() {
		return e.Forced()
	}
	return Auto
}

// Forced is what the endpoint is forced to.
func (e *Endpoint) Forced() Forced { return Forced(e.forced.Load()) }

// force: any phase -> the same or, ForcedClosed, Closed. Whoever opens the breaker
// looks under the same lock whether it may.
func (b *breaker) force(e *Endpoint, f Forced, at time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.forced.Store(uint32(f))
	if f == ForcedClosed {
		b.level = 0
		b.close(e, at)
	}
}

// aside is the Ticket of an attempt that the breaker hasn't admitted: its end decides
// nothing. It is of no phase.
const aside = Ticket(phases)

// ask asks for a place: the operator's word first, then the health, then the breaker.
func (e *Endpoint) ask(at time.Duration) Ticket {
	switch f := e.Forced(); {
	case f.shuts():
		return 0
	case f == ForcedClosed:
		if t := e.breaker.present(); t.phase() == Closed {
			return t
		}
		return aside // is being forced
	case Health(e.health.Load()) == Down:
		return 0
	}
	return e.breaker.admit(e, at)
}
