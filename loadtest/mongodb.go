//go:build linux

package loadtest

import (
	"context"
	"errors"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// MongoDB asks trivial commands as the connections of a driver's pool do, so that
// the hello and the routing by database are part of what is measured. Nobody
// logs in.
type MongoDB struct {
	Exchanges
	Databases []string // in turn
	Command   client.MongoDBCommand
	// NewConnections opens a connection for each command: hello, command, end.
	NewConnections bool
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m MongoDB) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *MongoDB) mode() string { return "mongodb" }

func (m *MongoDB) check() error {
	var problems []error
	if len(m.Databases) == 0 {
		problems = append(problems, errors.New("no database"))
	}
	_, command := client.ParseMongoDBCommand(m.Command.String())
	return errors.Join(append(problems, command, m.Exchanges.check())...)
}

func (m *MongoDB) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("command", m.Command),
		setting("database", strings.Join(m.Databases, ",")), setting("new-connections", m.NewConnections))...)
}

func (m *MongoDB) worker(s seat) (worker, error) {
	w := newCallers(m.Exchanges, s, m.NewConnections)
	for _, target := range m.Targets {
		dialer, err := client.NewMongoDB(client.MongoDBSettings{
			Target: target, Databases: m.Databases, Command: m.Command, TLS: m.TLS, Established: w.agreed,
		})
		if err != nil {
			return nil, err
		}
		w.dialers = append(w.dialers, dialer)
	}
	return w, nil
}
