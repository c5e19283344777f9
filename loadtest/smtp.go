//go:build linux

package loadtest

import (
	"context"
	"errors"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// SMTP sends messages through Go's mail client, so that its dialogue and the
// routing by name or recipient are part of what is measured. With Common.TLS it
// says STARTTLS.
type SMTP struct {
	Exchanges
	// Hellos are the names clients say hello with, and Recipients whom they send
	// mail to: of each connection the next.
	Hellos, Recipients []string
	Sender             string // empty for none
	Size               int    // of each message, in bytes
	// NewConnections opens a connection for each message: hello, message, QUIT.
	NewConnections bool
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m SMTP) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *SMTP) mode() string { return "smtp" }

func (m *SMTP) check() error {
	var problems []error
	for what, words := range map[string][]string{"name to say hello with": m.Hellos, "recipient": m.Recipients} {
		if len(words) == 0 {
			problems = append(problems, errors.New("no "+what))
		}
	}
	return errors.Join(append(problems, atLeast("size", m.Size, 0), m.Exchanges.check())...)
}

func (m *SMTP) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("ehlo", strings.Join(m.Hellos, ",")),
		setting("recipient", strings.Join(m.Recipients, ",")), setting("size", m.Size), setting("new-connections", m.NewConnections))...)
}

func (m *SMTP) worker(s seat) (worker, error) {
	w := newCallers(m.Exchanges, s, m.NewConnections)
	for _, target := range m.Targets {
		dialer, err := client.NewSMTP(client.SMTPSettings{
			Target: target, Hellos: m.Hellos, Recipients: m.Recipients, Sender: m.Sender, Size: m.Size,
			TLS: m.TLS, Established: w.agreed,
		})
		if err != nil {
			return nil, err
		}
		w.dialers = append(w.dialers, dialer)
	}
	return w, nil
}
