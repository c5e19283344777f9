//go:build linux

package loadtest

import (
	"context"
	"errors"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// RR exchanges messages with an echo backend over standing connections.
type RR struct {
	Exchanges
	Payload int // bytes each way per exchange
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m RR) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *RR) mode() string { return "rr" }

func (m *RR) check() error { return errors.Join(m.Exchanges.check(), atLeast("payload", m.Payload, 1)) }

func (m *RR) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("payload", m.Payload))...)
}

func (m *RR) worker(s seat) (worker, error) {
	return newEchoExchanger(m.Exchanges, m.Payload, s, false)
}

// Rate connects, makes one exchange with an echo backend and closes, over and
// over.
type Rate struct {
	Exchanges
	Payload int // bytes each way per exchange
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured. Latencies are those from connect
// to the end of the exchange.
func (m Rate) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *Rate) mode() string { return "rate" }

func (m *Rate) check() error {
	return errors.Join(m.Exchanges.check(), atLeast("payload", m.Payload, 1))
}

func (m *Rate) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("payload", m.Payload))...)
}

func (m *Rate) worker(s seat) (worker, error) {
	return newEchoExchanger(m.Exchanges, m.Payload, s, true)
}

// newEchoExchanger returns a worker whose messages come back as they are.
func newEchoExchanger(m Exchanges, size int, s seat, renew bool) (worker, error) {
	payload := newPayload(s, size)
	w, err := newExchanger(m, s, func() dialogue { return &echo{payload: payload} })
	if err != nil {
		return nil, err
	}
	w.renew, w.size, w.up = renew, size, size
	return w, nil
}
