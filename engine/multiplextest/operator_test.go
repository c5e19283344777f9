package multiplextest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// A resource that is blocked is refused where the session isn't yet, an endpoint that is
// drained is left, and the session goes on at both of its others.
func TestBlockAndDrain(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.Timeouts.Flush = 200 * time.Millisecond })
		c, shop, bank := pair(t, s)
		for _, name := range []string{"mall", "bank"} {
			_, err := s.Block("mongodb", name)
			enginetest.Must(t, err)
		}
		c.tell(t, command(3, "find", "mall"))
		c.refused(t, 3, unreachable)
		c.asks(t, bank, 4, "bank")
		_, err := s.ForceEndpoint(s.backends["shop"].Address(), upstream.ForcedDrain)
		enginetest.Must(t, err)
		shop.HearGone()
		c.tell(t, command(5, "find", "shop"))
		c.refused(t, 5, unreachable)
		c.asks(t, bank, 6, "bank")
		_, err = s.ForceEndpoint(s.backends["shop"].Address(), upstream.Auto)
		enginetest.Must(t, err)
		request := command(7, "find", "shop")
		c.tell(t, request)
		again := s.accept("shop")
		again.hears(t, request)
		again.tell(t, reply(1007, 7, "I am back"))
		c.hears(t, reply(1007, 7, "I am back"))
		if n, err := s.DrainResource("mongodb", "bank"); n != 0 || err != nil {
			t.Errorf("%d sessions end, %v: it is a branch", n, err)
		}
		bank.HearGone()
		c.over(t, again)
	})
}
