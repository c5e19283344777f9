package figurestest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// Every event loop tells of its sessions, of its work and of its lag.
func TestLoops(t *testing.T) {
	s := start(t, engine.Reactor, tcp.Front("db"))
	var ends []*enginetest.Conn
	for range 20 {
		client := s.Dial()
		client.Say("hello")
		backend := s.backend.Accept()
		backend.Hear("hello")
		ends = append(ends, client, backend)
	}
	enginetest.Eventually(t, "20 sessions, and work done, on two loops", func() bool {
		for range 20 { // less than a millisecond of work isn't told of
			ends[0].Say("hello")
			ends[1].Hear("hello")
		}
		loops := s.Stats().Loops
		return len(loops) == 2 && loops[0].Sessions+loops[1].Sessions == 20 && loops[0].Busy+loops[1].Busy > 0
	})
	enginetest.Eventually(t, "two loops' timers", func() bool {
		loops := s.Stats().Loops
		return loops[0].Lags.Count() > 1 && loops[1].Lags.Count() > 1 && loops[0].Lag > 0
	})
	for _, c := range ends {
		enginetest.CloseAll(t, c)
	}
	s.AwaitActive(0)
	if loops := s.Stats().Loops; loops[0].Sessions+loops[1].Sessions != 0 {
		t.Errorf("sessions are left: %+v", loops)
	}
}

// Goroutines have no loops to tell of.
func TestNoLoops(t *testing.T) {
	if loops := start(t, engine.Goroutine, tcp.Front("db")).Stats().Loops; len(loops) != 0 {
		t.Errorf("got %+v", loops)
	}
}
