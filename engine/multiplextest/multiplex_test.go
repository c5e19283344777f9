package multiplextest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// A client uses three databases by turns, each at its own backend.
func TestThreeBackends(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c := s.client()
		names := []string{"shop", "bank", "mall"}
		backends := make(map[string]client)
		for i, name := range names {
			c.tell(t, command(int32(i), "find", name))
			backends[name] = s.accept(name)
			backends[name].hears(t, command(int32(i), "find", name))
			backends[name].tell(t, reply(7, int32(i), name))
			c.hears(t, reply(7, int32(i), name))
		}
		for i := range int32(30) {
			name := names[i%3]
			c.asks(t, backends[name], 100+i, name)
		}
		c.over(t, backends["shop"], backends["bank"], backends["mall"])
		s.AwaitClosed(engine.ClientClosed, 1)
	})
}

// pair is a client with a connection to two backends.
func pair(t *testing.T, s *stand) (c, shop, bank client) {
	t.Helper()
	c = s.client()
	c.tell(t, command(1, "find", "shop"), command(2, "find", "bank"))
	shop, bank = s.accept("shop"), s.accept("bank")
	shop.hears(t, command(1, "find", "shop"))
	bank.hears(t, command(2, "find", "bank"))
	shop.tell(t, reply(1, 1, "shop"))
	c.hears(t, reply(1, 1, "shop"))
	bank.tell(t, reply(1, 2, "bank"))
	c.hears(t, reply(1, 2, "bank"))
	return c, shop, bank
}

// Answers come back as their backends give them, whole.
func TestAnswersOutOfOrder(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.tell(t, command(3, "find", "shop"), command(4, "find", "bank"))
		shop.hears(t, command(3, "find", "shop"))
		bank.hears(t, command(4, "find", "bank"))
		slow := reply(9, 3, strings.Repeat("s", 1000)).String()
		shop.Say(slow[:500])
		c.Hear(slow[:500])
		bank.tell(t, reply(9, 4, "bank"))
		shop.Say(slow[500:])
		c.Hear(slow[500:])
		c.hears(t, reply(9, 4, "bank"))
		c.over(t, shop, bank)
	})
}

// The same request id may be in use at two backends.
func TestSameID(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.tell(t, command(3, "find", "shop"), command(3, "find", "bank"))
		bank.hears(t, command(3, "find", "bank"))
		bank.tell(t, reply(9, 3, "bank"))
		c.hears(t, reply(9, 3, "bank"))
		shop.hears(t, command(3, "find", "shop"))
		shop.tell(t, reply(9, 3, "shop"))
		c.hears(t, reply(9, 3, "shop"))
		c.over(t, shop, bank)
	})
}

// A long insert streams to its backend: none of it is kept for the end.
func TestLongInsert(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		insert := message{id: 3, body: section(text("insert", "things")+text("$db", "bank")) + documents(40_000_000)}.String()
		sent := enginetest.Async(func() error { _, err := c.Write([]byte(insert)); return err })
		bank.Hear(insert)
		enginetest.Must(t, <-sent)
		bank.tell(t, reply(9, 3, "ok"))
		c.hears(t, reply(9, 3, "ok"))
		c.asks(t, shop, 4, "shop")
		c.over(t, shop, bank)
	})
}

// Unacknowledged writes have no reply, a stream has several.
func TestMoreToCome(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		write := command(3, "insert", "bank")
		write.flags = moreToCome
		c.tell(t, write)
		bank.hears(t, write)
		c.tell(t, command(4, "watch", "shop"))
		shop.hears(t, command(4, "watch", "shop"))
		for i := range int32(3) {
			next := reply(50+i, 49+i, "next")
			next.flags = moreToCome
			if i == 0 {
				next.to = 4
			}
			shop.tell(t, next)
			c.hears(t, next)
		}
		shop.tell(t, reply(53, 52, "last"))
		c.hears(t, reply(53, 52, "last"))
		c.asks(t, bank, 5, "bank")
		c.over(t, shop, bank)
	})
}

// What isn't for one database is answered here, or goes where the client was last.
func TestOfNoDatabase(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		for i, name := range []string{"ping", "endSessions", "hello", "buildInfo"} {
			c.tell(t, command(int32(10+i), name, "admin"))
			if m := c.read(t); m.to != int32(10+i) || !contains(m.body, "\x01ok\x00") {
				t.Errorf("%s: %+v", name, m)
			}
		}
		c.asks(t, bank, 20, "admin")
		c.asks(t, shop, 21, "shop")
		c.asks(t, shop, 22, "admin")
		c.over(t, shop, bank)
	})
}

// Each backend hears the client's hello first; its answer is nobody's.
func TestHelloReplayed(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c := s.client()
		hello := command(1, "hello", "admin")
		c.tell(t, hello)
		c.read(t)
		var backends []client
		for i, name := range []string{"shop", "bank"} {
			id := int32(2 + i)
			c.tell(t, command(id, "find", name))
			b := s.accept(name)
			b.hears(t, hello, command(id, "find", name))
			b.tell(t, reply(5, 1, "who I am"), reply(6, id, name))
			c.hears(t, reply(6, id, name))
			backends = append(backends, b)
		}
		c.over(t, backends...)
	})
}

// A backend that can't be had costs the command, not the session.
func TestRefusedAlone(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		enginetest.Must(t, s.backends["mall"].Close())
		c.tell(t, command(3, "find", "mall"))
		c.refused(t, 3, unreachable)
		c.tell(t, message{id: 4, body: section(text("insert", "x")+text("$db", "nowhere")) + documents(200_000)})
		c.refused(t, 4, notFound)
		mute := command(5, "insert", "nowhere")
		mute.flags = moreToCome
		c.tell(t, mute)
		c.asks(t, shop, 6, "shop")
		c.asks(t, bank, 7, "bank")
		c.over(t, shop, bank)
	})
}

// A backend that dies fails what it was asked, and is connected anew.
func TestBackendDies(t *testing.T) {
	for _, tt := range []struct {
		name string
		die  func(t *testing.T, c client)
	}{
		{"closed", func(t *testing.T, c client) { enginetest.Must(t, c.Close()) }},
		{"reset", func(_ *testing.T, c client) { c.Reset() }},
		{"answer to nobody", func(t *testing.T, c client) { c.tell(t, reply(1, 999, "?")) }},
		{"no message", func(_ *testing.T, c client) { c.Say("HTTP/1.1 400 Bad Request\r\n\r\n") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				s := start(t, impl)
				c, shop, bank := pair(t, s)
				c.tell(t, command(3, "find", "shop"), command(4, "find", "shop"))
				shop.hears(t, command(3, "find", "shop"), command(4, "find", "shop"))
				tt.die(t, shop)
				c.refused(t, 3, unreachable)
				c.refused(t, 4, unreachable)
				c.asks(t, bank, 5, "bank")
				c.tell(t, command(6, "find", "shop"))
				again := s.accept("shop")
				again.hears(t, command(6, "find", "shop"))
				again.tell(t, reply(1, 6, "again"))
				c.hears(t, reply(1, 6, "again"))
				c.over(t, again, bank)
			})
		})
	}
}

// Half of an answer can't be mended: the session ends with a reset.
func TestBackendDiesWithin(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.tell(t, command(3, "find", "shop"))
		shop.hears(t, command(3, "find", "shop"))
		half := reply(1, 3, "half of it").String()[:30]
		shop.Say(half)
		c.Hear(half)
		shop.Reset()
		c.HearReset()
		bank.HearGone()
		s.AwaitClosed(engine.BackendReset, 1)
	})
}

// A backend that doesn't answer the hello in time fails the command.
func TestOpenTimeout(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.Timeouts.Open = 1 })
		c := s.client()
		c.tell(t, command(1, "hello", "admin"))
		c.read(t)
		c.tell(t, command(2, "find", "shop"))
		c.refused(t, 2, timeout)
		c.over(t, s.accept("shop"))
	})
}

// A client that leaves within a request leaves its backend half of one, and a
// reset.
func TestClientLeavesWithin(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		half := message{id: 3, body: section(text("insert", "things")+text("$db", "shop")) + documents(5000)}.String()[:3000]
		c.Say(half)
		shop.Hear(half)
		enginetest.Must(t, c.Close())
		shop.HearReset()
		bank.HearGone()
	})
}

// A client can use so many backends, and is told when it wants more.
func TestTooManyBackends(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		const most = 16
		backend := enginetest.Listen(t)
		r := &routes{at: make(map[string]string)}
		for i := range most + 1 {
			r.at[fmt.Sprint("db", i)] = backend.Address()
		}
		s := &stand{t: t, Proxy: enginetest.Start(t, enginetest.Config(impl, mongodb.Front(mongodb.Options{Multiplex: true}), r))}
		c := s.client()
		var links []client
		for i := range int32(most) {
			c.tell(t, command(i, "find", fmt.Sprint("db", i)))
			links = append(links, client{backend.Accept()})
			links[i].hears(t, command(i, "find", fmt.Sprint("db", i)))
			links[i].tell(t, reply(1, i, "ok"))
			c.hears(t, reply(1, i, "ok"))
		}
		c.tell(t, command(most, "find", fmt.Sprint("db", most)))
		c.refused(t, most, tooMany)
		c.asks(t, links[3], 50, "db3")
		c.over(t, links...)
	})
}

// Malformed requests end the session, with words.
func TestMalformed(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl)
		c, shop, bank := pair(t, s)
		c.tell(t, message{id: 3, body: section(text("find", "things"))})
		c.refused(t, 3, 17)
		c.HearEnd()
		c.over(t, shop, bank)
		s.AwaitClosed(engine.Malformed, 1)
	})
}

// Listeners of both kinds serve side by side, and end together.
func TestBesidePlainListener(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) {
			cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: "plain", Address: "127.0.0.1:0", Front: plainFront()})
		})
		c, shop, bank := pair(t, s)
		other := connect(t, s.Addr("plain"))
		other.tell(t, command(1, "find", "mall"))
		mall := s.accept("mall")
		mall.hears(t, command(1, "find", "mall"))
		mall.tell(t, reply(2, 1, "mall"))
		other.hears(t, reply(2, 1, "mall"))
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Shutdown(now); err != context.Canceled {
			t.Errorf("Shutdown: %v", err)
		}
		for _, end := range []client{c, other, shop, bank, mall} {
			end.HearGone()
		}
		s.AwaitClosed(engine.Drained, 2)
	})
}

// A client that says nothing is told nothing when its time is over.
func TestSilentClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, func(cfg *engine.Config) { cfg.Timeouts.Detect = 1 })
		c := s.client()
		if said := c.HearEnd(); said != "" {
			t.Errorf("%q", said)
		}
		c.over(t)
		s.AwaitClosed(engine.DetectTimeout, 1)
	})
}
