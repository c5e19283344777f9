//go:build linux

package loadtest

import (
	"context"
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Bulk moves data at full speed over a few connections to the flood or sink
// backend. Both sides compare every byte with a sequence they know. When the
// time is over the client ends its side; the backend then stops, sends its own
// account of what it sent and received, and closes: the account must agree with
// the client's.
type Bulk struct {
	Common
	Conns     int
	Direction Direction
	Duration  time.Duration
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured. The measured time ends when the
// last byte has arrived.
func (m Bulk) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *Bulk) mode() string { return "bulk" }

func (m *Bulk) check() error {
	var direction error
	if m.Direction >= directions {
		_, direction = ParseDirection(m.Direction.String())
	}
	return errors.Join(m.Common.check(), atLeast("conns", m.Conns, 1), direction,
		atLeast("duration", m.Duration, time.Millisecond))
}

func (m *Bulk) settings(of ...report.Setting) []report.Setting {
	own := []report.Setting{
		setting("conns", m.Conns), setting("direction", m.Direction), setting("duration", m.Duration),
	}
	return m.Common.settings(append(own, of...)...)
}

func (m *Bulk) sessions() int { return m.Conns }

func (m *Bulk) plan() plan { return plan{extent: measuresAll, duration: m.Duration} }

func (m *Bulk) worker(s seat) (worker, error) {
	st, err := newStation(m.Common, s)
	if err != nil {
		return nil, err
	}
	w := &mover{station: st, pattern: stream.NewPattern(), direction: m.Direction}
	for range s.share(m.Conns) {
		w.transfers = append(w.transfers, newTransfer(w))
	}
	return w, nil
}
