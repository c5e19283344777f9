package smtptest

import (
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// refusal is what a client is told of a domain.
type refusal struct {
	name, domain, told string
	reason             engine.Reason
}

// refusals are the proxy's own, and one of a backend's; the domains are
// refusalRoutes'.
var refusals = []refusal{
	{"unknown domain", "nowhere.example", `550 5.1.2 Domain "nowhere.example" is not served here`, engine.NotFound},
	{"forbidden address", "forbidden.example", `550 5.7.1 Access to domain "forbidden.example" denied`, engine.Forbidden},
	{"backend down", "down.example", `421 4.3.2 Mail server "down.example" is not available, try again later`, engine.ConnectRefused},
	{"connect timeout", "asleep.example", `421 4.4.1 Mail server "asleep.example" did not answer in time, try again later`, engine.ConnectTimeout},
	{"backend's own", "busy.example", "554 5.3.2 busy", engine.Unavailable},
}

func refusalRoutes(t testing.TB) routes {
	return routes{
		"forbidden.example": "169.254.169.254:25",
		"down.example":      enginetest.ClosedPort(t),
		"asleep.example":    enginetest.BlackHole(t),
	}
}

// TestRefusals has a client refused for every reason, whatever names the
// domain.
func TestRefusals(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, r := range refusals {
			for by, said := range map[smtp.RouteBy]string{
				smtp.RouteByEHLO: "EHLO " + r.domain + "\r\n",
				smtp.RouteByRCPT: "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@" + r.domain + ">\r\n",
			} {
				t.Run(r.name+", "+by.String(), func(t *testing.T) { r.check(t, impl, by, said) })
			}
		}
	})
}

func (r *refusal) check(t *testing.T, impl engine.Impl, by smtp.RouteBy, said string) {
	busy := enginetest.Listen(t)
	to := refusalRoutes(t)
	to["busy.example"] = busy.Address()
	p := startProxy(t, impl, smtp.Options{RouteBy: by}, to, func(cfg *engine.Config) { cfg.Timeouts.Connect = 100 * time.Millisecond })
	client := p.Dial()
	client.Say(said)
	if r.domain == "busy.example" {
		busy.Accept().Say("554 5.3.2 busy\r\n")
	}
	if heard := client.HearEnd(); !strings.HasSuffix(heard, "\r\n"+r.told+"\r\n") {
		t.Errorf("heard %q, want it to end with %q", heard, r.told)
	}
	enginetest.Must(t, client.Close())
	p.AwaitClosed(r.reason, 1)
}

// TestRefusalAsSwaksSeesIt has a program understand one.
func TestRefusalAsSwaksSeesIt(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, refusalRoutes(t))
		said, err := tryRun(t, "swaks", swaksArgs(p, "client.example", "x@nowhere.example")...)
		if err == nil || !strings.Contains(said, `<** 550 5.1.2 Domain "nowhere.example" is not served here`) {
			t.Errorf("swaks: %v, %s", err, said)
		}
	})
}

// stands begins a session and a transaction.
func stands(t testing.TB, p *proxy) *enginetest.Conn {
	t.Helper()
	client := p.Dial()
	client.Say("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<many@shop.example>\r\n")
	client.HearTo("250 2.1.5 Ok\r\n")
	return client
}

// TestTooManySessions fills the proxy.
func TestTooManySessions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, toPostfix(t), func(cfg *engine.Config) { cfg.MaxSessions = 1 })
		first := stands(t, p)
		second := p.Dial()
		second.Say("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<many@shop.example>\r\n")
		second.HearTo("421 4.7.0 Too many connections, try again later\r\n")
		second.HearEnd()
		enginetest.Must(t, second.Close())
		p.AwaitClosed(engine.TooManySessions, 1)
		first.Say("QUIT\r\n")
		first.Hear("221 2.0.0 Bye\r\n")
		first.HearEnd()
		enginetest.Must(t, first.Close())
		p.AwaitActive(0)
		last := stands(t, p)
		enginetest.Must(t, last.Close())
	})
}

// TestTooManyErrors ends a client that doesn't know what to say.
func TestTooManyErrors(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{MaxErrors: 2}, routes{})
		client := p.Dial()
		client.Say("a\r\nb\r\nc\r\n")
		client.HearTo("421 4.7.0 too many errors\r\n")
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.Malformed, 1)
	})
}

// TestDrain lets a session that stands finish its message.
func TestDrain(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, toPostfix(t))
		client := stands(t, p)
		client.Say("DATA\r\nSubject: x\r\n")
		client.HearTo("<CR><LF>\r\n")
		done := p.drain()
		client.Say("\r\nx\r\n.\r\n")
		client.HearTo("250 2.0.0 Ok: queued")
		client.Say("QUIT\r\n")
		client.HearTo("221 2.0.0 Bye\r\n")
		client.HearEnd()
		enginetest.Must(t, client.Close())
		enginetest.Must(t, <-done)
		mailServer.mail(t, "shop-many", 1)
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}
