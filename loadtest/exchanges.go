//go:build linux

package loadtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Exchanges are the settings of the modes that make one exchange after the
// other.
type Exchanges struct {
	Common
	Conns int // connections at the same time
	// Arrivals is how many exchanges are to begin per second, over all
	// connections (an open loop): they are begun whether or not earlier ones are
	// done, and one that has to wait for a connection counts its time from when
	// it was to begin. 0 means that each connection begins its next exchange when
	// the last is done (a closed loop: the server's speed sets the rate). Else
	// it is between 0.001 and 10 million.
	Arrivals float64
	WarmUp   time.Duration // not measured
	Duration time.Duration // measured
}

// The bounds of Arrivals, so that their times can be computed, and those that
// come too late can be counted one by one.
const (
	minArrivals = 0.001
	maxArrivals = 10e6
)

func (m *Exchanges) check() error {
	return errors.Join(m.Common.check(), atLeast("conns", m.Conns, 1),
		m.checkArrivals(), atLeast("warm-up", m.WarmUp, 0), atLeast("duration", m.Duration, time.Millisecond))
}

func (m *Exchanges) checkArrivals() error {
	// Not the other way round: NaN is neither.
	if m.Arrivals == 0 || m.Arrivals >= minArrivals && m.Arrivals <= maxArrivals {
		return nil
	}
	return fmt.Errorf("rate %v: want 0, or %v to %.0f per second", m.Arrivals, minArrivals, float64(maxArrivals))
}

func (m *Exchanges) settings(of ...report.Setting) []report.Setting {
	own := []report.Setting{setting("conns", m.Conns)}
	if m.Arrivals > 0 {
		own = append(own, setting("rate", m.Arrivals))
	}
	own = append(own, setting("warm-up", m.WarmUp), setting("duration", m.Duration))
	return m.Common.settings(append(own, of...)...)
}

func (m *Exchanges) sessions() int { return m.Conns }

func (m *Exchanges) plan() plan {
	return plan{extent: measuresWindow, warmUp: m.WarmUp, duration: m.Duration}
}
