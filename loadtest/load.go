//go:build linux

package loadtest

import (
	"context"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// load is a mode with its settings. It is sent to worker processes as JSON.
type load interface {
	mode() string
	common() *Common
	// check reports everything that is wrong with the settings.
	check() error
	settings(...report.Setting) []report.Setting
	// sessions is how many there are at the same time.
	sessions() int
	// plan says what is measured, and for how long.
	plan() plan
	// worker returns one loop's part of the load.
	worker(seat) (worker, error)
}

// newLoad returns the load of a mode, its settings zero.
func newLoad(mode string) (load, error) {
	for _, l := range []load{&Hold{}, &RR{}, &Rate{}, &Bulk{}, &HTTP{}, &Postgres{}, &MySQL{}, &MongoDB{}, &SMTP{}} {
		if l.mode() == mode {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no mode %q", mode)
}

// plan is the timetable of a load.
type plan struct {
	extent   extent
	warmUp   time.Duration // before the window
	duration time.Duration // of the window
}

// extent is which part of a run is measured.
type extent uint8

const (
	// measuresWindow: what is completed within the window. The load is the same
	// before it and is let go quietly after it.
	measuresWindow extent = iota
	// measuresAll: from the window's beginning until the last session is done.
	measuresAll
	// measuresOpening: from before the first session is opened to the window's
	// end.
	measuresOpening
)

// phase is a step of a run. All loops of all processes finish one before the
// next begins.
type phase uint8

const (
	preparing phase = iota // unmeasured: warms the server up, or connects
	opening                // opens the sessions to be held
	running                // loads the server until the window ends
	verifying              // sees which sessions are alive

	phases
)

func (p phase) String() string {
	return [phases]string{"preparing", "opening", "running", "verifying"}[p]
}

// seat is a loop's place among all loops of all processes.
type seat struct{ number, of int }

// share is the seat's part of n.
func (s seat) share(n int) int { return share(n, s.of, s.number) }

// worker is what one loop does. Its methods are called one at a time, but for
// progress.
type worker interface {
	// do runs one phase to its end, or until ctx ends. That sessions fail is
	// counted; an error means that the load can't be produced.
	do(ctx context.Context, p phase, span window) error
	// progress tells how far it is. It may be called from any goroutine.
	progress() report.Progress
	// addTo adds what was counted.
	addTo(*report.Counts)
	free()
}

// window is the measured part of a run.
type window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// newWindow returns the window of length d that begins after the warm-up.
func newWindow(warmUp, d time.Duration) window {
	from := time.Now().Add(warmUp)
	return window{from, from.Add(d)}
}

func (w window) holds(t time.Time) bool { return !t.Before(w.From) && t.Before(w.To) }
