package opstest

import (
	"errors"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func mustBlock(t *testing.T, p *enginetest.Proxy, protocol, resource string) {
	t.Helper()
	_, err := p.Block(protocol, resource)
	enginetest.Must(t, err)
}

// TestBlock: new sessions of a resource are refused, in the words of their protocol; who
// is there stays, and others come and go.
func TestBlock(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		cfg := config(impl, echo(t, 'a'))
		cfg.Resolver = byResource{"x": echo(t, 'x'), "bob": backend.Address()}
		cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: "pg", Address: "127.0.0.1:0", Front: postgres.Front(postgres.Options{})})
		p := enginetest.Start(t, cfg)
		here, others := join(t, p.Address(), 10), come(t, p.Address(), 2)
		mustBlock(t, p, "postgresql", "bob")
		others.more(t, 5)
		c, err := net.Dial("tcp", p.Addr("pg").String())
		enginetest.Must(t, err)
		wantRefusal(t, enginetest.NewConn(t, c.(*net.TCPConn)), "57P03", "blocked by the operator")
		p.AwaitClosed(engine.ResourceBlocked, 1)
		others.leave()
		mustBlock(t, p, "tcp", "x")
		if c, err := connect(p.Address()); err == nil {
			t.Error("let in though blocked")
			_ = c.Close()
		}
		here.more(t, 20)
		if s := p.Resources(engine.ResourceFilter{State: "blocked", Order: engine.ByName}, 10); len(s) != 2 || s[0].Name != "bob" || s[1].Sessions != 10 {
			t.Errorf("%+v", s)
		}
		if !p.Unblock("tcp", "x") || p.Unblock("tcp", "x") {
			t.Error("unblocked is what was blocked, once")
		}
		wantBackend(t, p.Address(), 'x')
		here.leave()
	})
}

// TestBlockHTTP: it holds for the next request of a connection that is there.
func TestBlockHTTP(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend.Address())))
		c := p.Dial()
		ask := func(host string) { c.Say("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") }
		ask("h")
		link := backend.Accept()
		answer := func() {
			link.HearTo("\r\n\r\n")
			link.Say("HTTP/1.1 204 No Content\r\n\r\n")
			c.HearTo("204 No Content")
			c.HearTo("\r\n\r\n")
		}
		answer()
		mustBlock(t, p, "http", "h")
		ask("h")
		c.HearTo("HTTP/1.1 503 ")
		c.HearTo("blocked by the operator")
		c.HearTo("\n")
		ask("other")
		answer()
		p.Unblock("http", "h")
		ask("h")
		answer()
		enginetest.CloseAll(t, c)
		p.AwaitActive(0)
		enginetest.CloseAll(t, link)
		if n := p.Stats().Refused[engine.ResourceBlocked]; n != 1 {
			t.Errorf("%d requests are refused, want 1", n)
		}
	})
}

// TestDrainResource: its sessions end in order, others stay, and they may come back.
func TestDrainResource(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, x, y := two(t, impl)
		enginetest.Must(t, errors.Join(x.exchange(), y.exchange()))
		if n, err := p.DrainResource("tcp", "x"); n != 1 || err != nil {
			t.Errorf("%d end, %v, want 1", n, err)
		}
		wantEnd(t, x)
		p.AwaitClosed(engine.ByOperator, 1)
		enginetest.Must(t, y.exchange())
		wantBackend(t, p.Address(), 'x')
	})
}

// TestTraffic: what sessions move is counted for their resource and endpoint while
// they last, and no more and no less when they have ended.
func TestTraffic(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, x, y := two(t, impl)
		for range 3 {
			enginetest.Must(t, errors.Join(x.exchange(), y.exchange()))
		}
		check := func(when string) {
			t.Helper()
			want := [2]uint64{3 * 256, 3*256 + 1} // the backend has said its name
			r := p.Resources(engine.ResourceFilter{Name: "x"}, 1)[0]
			if got := [2]uint64{r.FromClient, r.ToClient}; got != want {
				t.Errorf("%s: resource: %d, want %d", when, got, want)
			}
			for _, e := range p.Endpoints() {
				if got := [2]uint64{e.FromClient, e.ToClient}; got != want {
					t.Errorf("%s: endpoint %s: %d, want %d", when, e.Name, got, want)
				}
			}
		}
		check("while they last")
		enginetest.CloseAll(t, x, y)
		p.AwaitActive(0)
		check("when they have ended")
	})
}

// TestResources: what is known of each, in every order.
func TestResources(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, x, y := two(t, impl)
		enginetest.Must(t, errors.Join(x.exchange(), y.exchange(), y.exchange()))
		_ = y.Close()
		p.AwaitActive(1)
		for order, want := range map[engine.ResourceOrder]string{
			engine.BySessions: "xy", engine.ByName: "xy", engine.ByTraffic: "yx", engine.ByActivity: "yx",
		} {
			got := ""
			for _, r := range p.Resources(engine.ResourceFilter{Protocol: "tcp", State: "ready", Order: order}, 10) {
				got += r.Name
				if len(r.Endpoints) != 1 || r.LastActivity.IsZero() || r.Waiting != 0 {
					t.Errorf("%+v", r)
				}
			}
			if got != want {
				t.Errorf("by %v: %s, want %s", order, got, want)
			}
		}
		if got := p.Resources(engine.ResourceFilter{}, 1); len(got) != 1 || got[0].Name != "x" {
			t.Errorf("%+v", got)
		}
		p.Purge("y") // "x" would be asked for anew, for its session's sake
		if got := p.Resources(engine.ResourceFilter{Name: "y"}, 9); len(got) != 1 || got[0].State != engine.ResourceUnknown || got[0].Endpoints != nil {
			t.Errorf("%+v", got)
		}
	})
}
