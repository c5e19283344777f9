package multiplextest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// drain has the sessions leave a backend.
func (s *stand) drain(name string) {
	s.t.Helper()
	_, err := s.DrainEndpoint(s.backends[name].Address())
	enginetest.Must(s.t, err)
}

// drainUnheard has a client ask a backend, which is drained before it has said anything.
func (s *stand) drainUnheard(c client, name string) client {
	s.t.Helper()
	request := command(1, "find", name)
	c.tell(s.t, request)
	backend := s.accept(name)
	backend.hears(s.t, request)
	s.drain(name)
	return backend
}

// waits has a client ask a backend, which has the request and doesn't answer yet.
func (c client) waits(t *testing.T, backend client, id int32, database string) {
	t.Helper()
	request := command(id, "find", database)
	c.tell(t, request)
	backend.hears(t, request)
}

// answers has a backend answer what a client waits for.
func (c client) answers(t *testing.T, client client, id int32) {
	t.Helper()
	answer := reply(1000+id, id, "at last")
	c.tell(t, answer)
	client.hears(t, answer)
}

// A backend that is drained before it has said anything is left too, once it has answered.
func TestLeaveBeforeFirstByte(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c := s.client()
		shop := s.drainUnheard(c, "shop")
		shop.answers(t, c, 1)
		shop.HearGone()
		enginetest.CloseAll(t, c, shop)
	})
}

// One that doesn't answer in time is left, and isn't blamed: the drain was the operator's.
func TestLeaveBlamesNobody(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.Timeouts.Flush = 100 * time.Millisecond })
		c := s.client()
		shop := s.drainUnheard(c, "shop")
		c.refused(t, 1, unreachable)
		shop.HearGone()
		if n := s.Endpoints()[0].Reports[upstream.Silent]; n != 0 {
			t.Errorf("blamed %d times", n)
		}
		enginetest.CloseAll(t, c, shop)
	})
}

// A session that is closed takes no more requests; those under way are answered, also by a
// backend that is being left.
func TestCloseAnswers(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.waits(t, shop, 3, "shop")
		c.waits(t, bank, 4, "bank")
		s.drain("bank")
		if n := s.CloseSessions(engine.SessionFilter{}); n != 1 {
			t.Errorf("%d sessions are closed", n)
		}
		if n := s.CloseSessions(engine.SessionFilter{}); n != 0 {
			t.Errorf("%d sessions are closed again", n)
		}
		shop.answers(t, c, 3)
		shop.HearGone()
		c.tell(t, command(5, "find", "shop"))
		bank.answers(t, c, 4)
		c.HearEnd()
		bank.HearGone()
		enginetest.CloseAll(t, c, shop, bank)
		s.AwaitClosed(engine.ByOperator, 1)
	})
}

// A client that reads nothing, and a backend that answers nothing, hold up a close no longer
// than Timeouts.Flush.
func TestCloseIsBounded(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.Timeouts.Flush = 100 * time.Millisecond })
		c, shop, bank := pair(t, s)
		c.waits(t, shop, 3, "shop")
		if n := s.CloseSessions(engine.SessionFilter{}); n != 1 {
			t.Errorf("%d sessions are closed", n)
		}
		shop.HearGone()
		bank.HearGone()
		s.AwaitClosed(engine.ByOperator, 1)
		enginetest.CloseAll(t, c, shop, bank)
	})
}

// Nor is a request lost whose session falls idle while the engine drains, for its client
// wasn't the last to speak.
func TestDrainAnswers(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.DrainIdle = 100 * time.Millisecond })
		c, shop, bank := pair(t, s)
		c.waits(t, shop, 3, "shop")
		c.waits(t, bank, 4, "bank")
		bank.answers(t, c, 4)
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(t.Context()) }()
		bank.HearGone() // the session is idle by now, and leaves
		shop.answers(t, c, 3)
		c.HearEnd()
		enginetest.CloseAll(t, c, shop, bank)
		enginetest.Must(t, <-done)
	})
}

// A protocol that goroutines serve takes an event loop's place at an address, and back.
func TestReloadToMultiplex(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		r := resolve.Fixed(backend.Address())
		p := enginetest.Start(t, enginetest.Config(impl, tcp.Front("x"), r))
		there := p.Address()
		plain, mux := enginetest.Config(impl, tcp.Front("x"), r), enginetest.Config(impl, mongodb.Front(mongodb.Options{Multiplex: true}), r)
		for _, cfg := range []engine.Config{plain, mux, plain} {
			cfg.Listeners[0].Address = there
			protocol := cfg.Listeners[0].Front.Protocol.String()
			_, err := p.Reload(cfg)
			enginetest.Must(t, err)
			for range 20 { // there is no socket of the one before any more
				c := p.Dial()
				enginetest.Eventually(t, "it is served by "+protocol, func() bool {
					_, n := p.Sessions(engine.SessionFilter{Protocol: protocol}, 1)
					return n == 1
				})
				enginetest.Must(t, c.Close())
				if protocol == plain.Listeners[0].Front.Protocol.String() {
					enginetest.CloseAll(t, backend.Accept())
				}
				p.AwaitActive(0)
			}
		}
	})
}
