//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	// holdWarmUp is how many sessions are opened, used and closed before the
	// first look at the server's memory, so that what it allocates once (code
	// pages, pools, arenas) isn't charged to the sessions.
	holdWarmUp = 64
	// settle is how long the server is left alone before each look at it.
	settle = 500 * time.Millisecond
)

// Hold opens sessions at a rate, makes one exchange on each with an echo
// backend, leaves them idle, and then makes another exchange on each to see
// that it is alive. What the server's memory has grown by is read before that.
type Hold struct {
	Common
	Sessions int
	Ramp     int           // sessions opened per second
	Touch    int           // bytes moved each way before the exchange; 0 for none
	Payload  int           // bytes each way of the exchange
	Hold     time.Duration // how long the sessions stay idle
	// TouchEvery is how often, while they are held, each session moves as many
	// bytes each way again as before its first exchange; 0 leaves them idle.
	TouchEvery time.Duration
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m Hold) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *Hold) mode() string { return "hold" }

func (m *Hold) check() error {
	return errors.Join(m.Common.check(), atLeast("sessions", m.Sessions, 1), atLeast("ramp", m.Ramp, 1),
		atLeast("payload", m.Payload, 1), atLeast("touch", m.Touch, 0), atLeast("hold", m.Hold, 0), m.checkTouchEvery())
}

func (m *Hold) checkTouchEvery() error {
	if m.TouchEvery > 0 && m.Touch == 0 {
		return errors.New("touch-every: wants touch, the number of bytes")
	}
	return atLeast("touch-every", m.TouchEvery, 0)
}

func (m *Hold) settings(of ...report.Setting) []report.Setting {
	own := []report.Setting{
		setting("sessions", m.Sessions), setting("ramp", m.Ramp), setting("touch", m.Touch),
		setting("payload", m.Payload), setting("hold", m.Hold),
	}
	if m.TouchEvery > 0 {
		own = append(own, setting("touch-every", m.TouchEvery))
	}
	return m.Common.settings(append(own, of...)...)
}

func (m *Hold) sessions() int { return m.Sessions }

func (m *Hold) plan() plan {
	return plan{extent: measuresOpening, duration: max(m.Hold, settle)}
}

func (m *Hold) worker(s seat) (worker, error) {
	st, err := newStation(m.Common, s)
	if err != nil {
		return nil, err
	}
	return &holder{
		station: st, message: newPayload(s, max(m.Touch, m.Payload)), touch: m.Touch, payload: m.Payload,
		warm: s.share(holdWarmUp), want: s.share(m.Sessions), atOnce: max(s.share(atOnce), 1), rate: float64(m.Ramp) / float64(s.of),
		touchEvery: m.TouchEvery,
	}, nil
}
