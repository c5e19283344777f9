//go:build linux

package loadtest

import (
	"context"
	"errors"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Postgres makes trivial queries through PostgreSQL's Go driver, so that its
// handshake and the routing by database are part of what is measured.
type Postgres struct {
	Exchanges
	User      string
	Password  string
	Databases []string // in turn
	// NewConnections opens a connection for each query: handshake, query, end.
	NewConnections bool
	// Negotiation is how connections come to speak TLS, if Common.TLS is set.
	Negotiation client.Negotiation
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured.
func (m Postgres) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *Postgres) mode() string { return "pg" }

func (m *Postgres) check() error {
	var problems []error
	if m.User == "" {
		problems = append(problems, errors.New("no user"))
	}
	if len(m.Databases) == 0 {
		problems = append(problems, errors.New("no database"))
	}
	_, negotiation := client.ParseNegotiation(m.Negotiation.String())
	return errors.Join(append(problems, negotiation, m.Exchanges.check())...)
}

func (m *Postgres) settings(of ...report.Setting) []report.Setting {
	if m.TLS != nil {
		of = append(of, setting("tls-negotiation", m.Negotiation))
	}
	return m.Exchanges.settings(append(of, setting("user", m.User),
		setting("database", strings.Join(m.Databases, ",")), setting("new-connections", m.NewConnections))...)
}

func (m *Postgres) worker(s seat) (worker, error) {
	w := newCallers(m.Exchanges, s, m.NewConnections)
	for _, target := range m.Targets {
		dialer, err := client.NewPostgres(client.PostgresSettings{
			Target: target, User: m.User, Password: m.Password, Databases: m.Databases,
			TLS: m.TLS, Negotiation: m.Negotiation, Established: w.agreed,
		})
		if err != nil {
			return nil, err
		}
		w.dialers = append(w.dialers, dialer)
	}
	return w, nil
}
