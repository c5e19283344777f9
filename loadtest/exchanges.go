//go:build linux

package loadtest

import (
	"errors"
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
	// the last is done (a closed loop: the server's speed sets the rate).
	Arrivals float64
	WarmUp   time.Duration // not measured
	Duration time.Duration // measured
}

func (m *Exchanges) check() error {
	return errors.Join(m.Common.check(), atLeast("conns", m.Conns, 1),
		atLeast("rate", m.Arrivals, 0), atLeast("warm-up", m.WarmUp, 0), atLeast("duration", m.Duration, time.Millisecond))
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
