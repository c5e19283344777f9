//go:build linux

package loadtest

import (
	"context"
	"errors"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// MySQL makes trivial queries through MySQL's Go driver, so that its handshake
// and the routing by database are part of what is measured.
type MySQL struct {
	Exchanges
	User      string
	Password  string
	Databases []string // in turn
	// NewConnections opens a connection for each query: handshake, query, end.
	NewConnections bool
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m MySQL) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *MySQL) mode() string { return "mysql" }

func (m *MySQL) check() error {
	var problems []error
	if m.User == "" {
		problems = append(problems, errors.New("no user"))
	}
	if len(m.Databases) == 0 {
		problems = append(problems, errors.New("no database"))
	}
	return errors.Join(append(problems, m.Exchanges.check())...)
}

func (m *MySQL) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("user", m.User),
		setting("database", strings.Join(m.Databases, ",")), setting("new-connections", m.NewConnections))...)
}

func (m *MySQL) worker(s seat) (worker, error) {
	w := newCallers(m.Exchanges, s, m.NewConnections)
	for _, target := range m.Targets {
		dialer, err := client.NewMySQL(client.MySQLSettings{
			Target: target, User: m.User, Password: m.Password, Databases: m.Databases,
			TLS: m.TLS, Established: w.agreed,
		})
		if err != nil {
			return nil, err
		}
		w.dialers = append(w.dialers, dialer)
	}
	return w, nil
}
