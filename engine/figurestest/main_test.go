// Package figurestest tests the figures that an engine gives of itself, by
// connections whose every byte the test decides, for both implementations.
package figurestest

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is a proxy with a backend.
type stand struct {
	*enginetest.Proxy
	t       *testing.T
	backend *enginetest.Backend
}

func start(t *testing.T, impl engine.Impl, front codecs.Front, changes ...func(*engine.Config)) *stand {
	t.Helper()
	s := &stand{t: t, backend: enginetest.Listen(t)}
	cfg := enginetest.Config(impl, front, resolve.Fixed(s.backend.Address()))
	for _, change := range changes {
		change(&cfg)
	}
	s.Proxy = enginetest.Start(t, cfg)
	return s
}

// awaitMoved waits until exactly so many bytes are counted, of the only listener as
// of all.
func (s *stand) awaitMoved(fromClients, toClients int) {
	s.t.Helper()
	var now engine.Stats
	if !enginetest.Holds(func() bool {
		now = s.Stats()
		return now.FromClients >= uint64(fromClients) && now.ToClients >= uint64(toClients)
	}) || now.FromClients != uint64(fromClients) || now.ToClients != uint64(toClients) {
		s.t.Errorf("counted %d bytes from clients and %d to them, want %d and %d", now.FromClients, now.ToClients, fromClients, toClients)
	}
	if l := now.Listeners[0]; l.FromClients != now.FromClients || l.ToClients != now.ToClients {
		s.t.Errorf("the only listener has counted %d and %d of %d and %d bytes", l.FromClients, l.ToClients, now.FromClients, now.ToClients)
	}
}

// awaitFirstBytes waits until so many answers have been timed, and checks that it
// stays at that.
func (s *stand) awaitFirstBytes(n uint64) {
	s.t.Helper()
	var h engine.Histogram
	if !enginetest.Holds(func() bool { h = s.Stats().Listeners[0].FirstByte; return h.Count() >= n }) || h.Count() != n {
		s.t.Errorf("timed %d answers, want %d", h.Count(), n)
	}
}

// passes has one end of a session say so much, and the other hear it.
func passes(from, to *enginetest.Conn, n int) {
	text := strings.Repeat("x", n)
	said := enginetest.Async(func() error { _, err := from.Write([]byte(text)); return err })
	to.Hear(text)
	if err := <-said; err != nil {
		panic(err) // the other end has heard it
	}
}
