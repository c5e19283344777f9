package multiplextest

import (
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestListing: a session is listed with what it uses, and found by that, and each of its
// resources counts its own, while it lasts and afterwards.
func TestListing(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.asks(t, bank, 3, "bank")
		for _, f := range []engine.SessionFilter{{}, {Resource: "shop"}, {Resource: "bank"}, {Endpoint: s.backends["bank"].Address()}} {
			all, n := s.Sessions(f, 10)
			if n != 1 || !slices.Equal(all[0].Resources, []string{"bank", "shop"}) || all[0].Resource != "" {
				t.Errorf("%+v: %d, %+v", f, n, all)
			}
		}
		if _, n := s.Sessions(engine.SessionFilter{Resource: "bank", Endpoint: s.backends["shop"].Address()}, 10); n != 0 {
			t.Error("found by two halves")
		}
		// The backends were asked for a hello besides.
		moved := func() (all [4]uint64) {
			for _, r := range s.Resources(engine.ResourceFilter{Order: engine.ByName}, 10) {
				if r.Name == "bank" {
					all[0], all[1] = r.FromClient, r.ToClient
				} else {
					all[2], all[3] = r.FromClient, r.ToClient
				}
			}
			return all
		}
		request := func(id int32, name string) uint64 { return uint64(len(command(id, "find", name).String())) }
		answer := func(text string) uint64 { return uint64(len(reply(1, 1, text).String())) }
		want := [4]uint64{request(2, "bank") + request(3, "bank"), answer("bank") + answer("I am bank"), request(1, "shop"), answer("shop")}
		// What was written is counted when the write has returned.
		enginetest.Eventually(t, "all is counted", func() bool { return moved() == want })
		for _, e := range s.Endpoints() {
			if e.FromClient != want[0] && e.FromClient != want[2] {
				t.Errorf("%s: %d", e.Name, e.FromClient)
			}
		}
		c.over(t, shop, bank)
		s.AwaitActive(0)
		if got := moved(); got != want {
			t.Errorf("in the end %d, want %d", got, want)
		}
	})
}

// TestCloseByResource: closing the sessions of a resource closes those that use others too.
func TestCloseByResource(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		if n := s.CloseSessions(engine.SessionFilter{Resource: "mall"}); n != 0 {
			t.Errorf("%d use the third", n)
		}
		if n := s.CloseSessions(engine.SessionFilter{Resource: "shop"}); n != 1 {
			t.Errorf("%d closed, want 1", n)
		}
		shop.HearGone()
		bank.HearGone()
		c.HearEnd()
		enginetest.CloseAll(t, c, shop, bank)
		s.AwaitClosed(engine.ByOperator, 1)
	})
}
