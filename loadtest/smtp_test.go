//go:build linux

package loadtest

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// mailSink is a server that takes all mail but that for nobody, and counts it.
type mailSink struct {
	target   netip.AddrPort
	messages atomic.Uint64
}

func startMailSink(t *testing.T) *mailSink {
	t.Helper()
	s := &mailSink{}
	s.target = serveOne(t, s.serve)
	return s
}

func (s *mailSink) serve(conn net.Conn) {
	fmt.Fprint(conn, "220 sink\r\n")
	inMessage := false
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		line := lines.Text()
		switch {
		case inMessage && line == ".":
			inMessage = false
			s.messages.Add(1)
			fmt.Fprint(conn, "250 taken\r\n")
		case inMessage:
		case line == "DATA":
			inMessage = true
			fmt.Fprint(conn, "354 go\r\n")
		case line == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
		case strings.Contains(line, "nobody"):
			fmt.Fprint(conn, "550 who?\r\n")
		default:
			fmt.Fprint(conn, "250 fine\r\n")
		}
	}
}

func (s *mailSink) load(conns int) SMTP {
	return SMTP{
		Exchanges: exchangesTo(commonTo(s.target), conns), Hellos: []string{"client.example"},
		Recipients: []string{"a@backend.example"}, Size: 4096,
	}
}

func TestSMTP(t *testing.T) {
	t.Run("standing connections", func(t *testing.T) {
		s := startMailSink(t)
		r, err := s.load(4).Run(t.Context())
		clean(t, r, err)
		equal(t, "alive", r.Sessions.Alive, 4)
		if n := s.messages.Load(); n < r.Operations || r.Operations == 0 {
			t.Errorf("%d messages arrived, %d are counted", n, r.Operations)
		}
	})
	t.Run("new connections, open loop, in processes", func(t *testing.T) {
		load := startMailSink(t).load(4)
		load.Common, load.Arrivals, load.NewConnections = sharded(load.Common), 500, true
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "latencies", r.Latency.Count(), 50)
	})
	t.Run("no such user", func(t *testing.T) {
		load := startMailSink(t).load(2)
		load.Recipients = []string{"nobody@backend.example"}
		r, err := load.Run(t.Context())
		failed(t, r, err, measure.Rejected, "SMTP 550")
	})
	t.Run("nothing to say", func(t *testing.T) {
		load := startMailSink(t).load(2)
		load.Recipients, load.Hellos, load.Size = nil, nil, -1
		if _, err := load.Run(t.Context()); err == nil || strings.Count(err.Error(), "\n") != 2 {
			t.Errorf("%v, want three things", err)
		}
	})
}
