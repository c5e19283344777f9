package figurestest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const (
	get  = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
	fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
)

// oneLoop has a proxy keep one pool: there is one per loop.
func oneLoop(cfg *engine.Config) { cfg.EventLoops = 1 }

func (s *stand) awaitLinks(want engine.LinkStats) {
	s.t.Helper()
	var got engine.LinkStats
	if !enginetest.Holds(func() bool { got = s.Stats().Links; return got == want }) {
		s.t.Errorf("got %+v, want %+v", got, want)
	}
}

// A connection is in use, rests, is used anew, and is lost.
func TestLinks(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, engine.HTTPFront(), oneLoop)
		client := s.Dial()
		client.Say(get)
		backend := s.backend.Accept()
		backend.HearTo("\r\n\r\n")
		s.awaitLinks(engine.LinkStats{InUse: 1, Created: 1})
		backend.Say(fine)
		client.HearTo("fine")
		s.awaitLinks(engine.LinkStats{Idle: 1, Created: 1})
		client.Say(get)
		backend.HearTo("\r\n\r\n")
		s.awaitLinks(engine.LinkStats{InUse: 1, Created: 1, Reused: 1})
		backend.Say(fine)
		client.HearTo("fine")
		s.awaitLinks(engine.LinkStats{Idle: 1, Created: 1, Reused: 1})
		enginetest.CloseAll(t, backend)
		s.awaitLinks(engine.LinkStats{Created: 1, Reused: 1, Lost: 1})
		enginetest.CloseAll(t, client)
	})
}

// One that has rested, or lived, for too long expires.
func TestLinksExpire(t *testing.T) {
	for name, change := range map[string]func(*engine.Config){
		"rested": func(cfg *engine.Config) { cfg.HTTP.PoolIdle = time.Millisecond },
		"lived":  func(cfg *engine.Config) { cfg.HTTP.PoolLifetime = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				s := start(t, impl, engine.HTTPFront(), oneLoop, change)
				client := s.Dial()
				client.Say(get)
				backend := s.backend.Accept()
				backend.HearTo("\r\n\r\n")
				backend.Say(fine)
				client.HearTo("fine")
				s.awaitLinks(engine.LinkStats{Created: 1, Expired: 1})
				backend.HearEnd()
				enginetest.CloseAll(t, client)
			})
		})
	}
}
