package multiplextest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// What a client and its backends move counts while they do; every backend's way from
// the question where it is to its first byte is timed.
func TestFigures(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		up := len(command(1, "find", "shop").String()) + len(command(2, "find", "bank").String())
		down := len(reply(1, 1, "shop").String()) + len(reply(1, 2, "bank").String())
		moved := func() bool {
			now := s.Stats()
			return now.FromClients == uint64(up) && now.ToClients == uint64(down) && now.Listeners[0].FromClients == uint64(up)
		}
		enginetest.Eventually(t, "all bytes are counted", moved)
		now := s.Stats()
		for _, state := range []engine.State{engine.Resolving, engine.Connecting} {
			if n := now.Phases[state].Count(); n != 2 {
				t.Errorf("%v was timed %d times, want 2", state, n)
			}
		}
		if n := now.Phases[engine.Detecting].Count(); n != 1 {
			t.Errorf("%v was timed %d times, want 1", engine.Detecting, n)
		}
		if n := now.Listeners[0].FirstByte.Count(); n != 2 {
			t.Errorf("%d first bytes were timed, want 2", n)
		}
		c.over(t, shop, bank)
		s.AwaitClosed(engine.ClientClosed, 1)
		if !moved() {
			t.Errorf("the bytes have changed: %+v", s.Stats().Listeners)
		}
	})
}
