//go:build linux

package loadtest

import (
	"context"
	"errors"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/http1"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// HTTP makes GET requests and checks the answers.
type HTTP struct {
	Exchanges
	// Host is the Host header; the first target if empty.
	Host string
	// Path is asked for.
	Path string
	// Check is what answers must be like.
	Check HTTPCheck
	// Payload is how many bytes each answer's body must have under CheckTag, as
	// the http backend was told.
	Payload int
	// NewConnections opens a connection for each request.
	NewConnections bool
}

// Run does it. The report is complete also if sessions failed or ctx ended; an
// error means that nothing could be measured. A connection that the server ends
// after an answer is opened again, and not counted as failed.
func (m HTTP) Run(ctx context.Context) (*report.Report, error) { return conduct(ctx, &m) }

func (m *HTTP) mode() string { return "http" }

func (m *HTTP) check() error {
	_, check := ParseHTTPCheck(m.Check.String())
	_, request := m.request()
	return errors.Join(m.Exchanges.check(), check, request, atLeast("payload", m.Payload, 0))
}

func (m *HTTP) settings(of ...report.Setting) []report.Setting {
	return m.Exchanges.settings(append(of, setting("host", m.host()), setting("path", m.Path), setting("check", m.Check),
		setting("payload", m.Payload), setting("new-connections", m.NewConnections))...)
}

func (m *HTTP) host() string {
	if m.Host == "" && len(m.Targets) > 0 {
		return m.Targets[0].String()
	}
	return m.Host
}

func (m *HTTP) request() (*http1.Request, error) {
	if m.NewConnections {
		return http1.NewRequest(m.host(), m.Path, "Connection: close")
	}
	return http1.NewRequest(m.host(), m.Path)
}

func (m *HTTP) worker(s seat) (worker, error) {
	request, err := m.request()
	if err != nil {
		return nil, err
	}
	pattern := stream.NewPattern()
	w, err := newExchanger(m.Exchanges, s, func() dialogue {
		return &requesting{request: request, response: http1.NewResponse(pattern), check: m.Check}
	}, "http/1.1")
	if err != nil {
		return nil, err
	}
	w.size, w.renew = m.Payload, m.NewConnections
	return w, nil
}
