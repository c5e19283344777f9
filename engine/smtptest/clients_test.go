package smtptest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
)

// body returns what follows the header of a message.
func body(message string) string {
	_, body, _ := strings.Cut(message, "\n\n")
	return body
}

// What send.py sends as a message's body, and in addition as 8-bit text.
const (
	smtplibBody = ".\n..\n.dot\na line.\n\n.\n"
	eightBit    = "Grüße aus Köln €\n"
)

// bothWays are those that mail is mostly routed by.
var bothWays = []smtp.RouteBy{smtp.RouteByEHLO, smtp.RouteByRCPT}

func TestSMTPLib(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, by := range bothWays {
			p := startProxy(t, impl, smtp.Options{RouteBy: by}, to)
			smtplib(t, p, "shop.example", "eight", "smtplib@shop.example")
			if got := mailServer.mail(t, "shop-smtplib", 1)[0]; body(got) != smtplibBody+eightBit {
				t.Errorf("%v: the message is %q", by, got)
			}
			p.awaitGone(1)
		}
	})
}

// TestTwoDomains has each domain's recipients go to its own server.
func TestTwoDomains(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, toPostfix(t))
		refused := smtplib(t, p, "client.example", "", "many@shop.example", "many@bank.example", "nobody@shop.example")
		if !strings.Contains(refused, `{"many@bank.example": [451, `) || !strings.Contains(refused, `"nobody@shop.example": [550, `) {
			t.Errorf("refused: %s", refused)
		}
		smtplib(t, p, "client.example", "", "many@bank.example")
		for _, tenant := range []string{"shop", "bank"} {
			if got := mailServer.mail(t, tenant+"-many", 1)[0]; !strings.Contains(got, "by mx."+tenant+".example") {
				t.Errorf("to %s: %s", tenant, got)
			}
		}
	})
}

// TestQuit has sessions end in order: those that answer QUIT here, or look at
// its answer, as the client's wish.
func TestQuit(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, toPostfix(t))
		smtplib(t, p, "client.example", "", "many@shop.example")
		mailServer.mail(t, "shop-many", 1)
		p.AwaitClosed(engine.ClientClosed, 1)
		client := p.Dial()
		client.Say("EHLO x\r\nQUIT\r\n")
		client.HearTo("221 2.0.0 localhost closing connection\r\n")
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.ClientClosed, 2)
	})
}

func TestNodemailer(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, tt := range []struct {
			settings string
			options  smtp.Options
		}{
			{"", smtp.Options{}},
			{"tls", smtp.Options{TLS: smtp.TLSRequired}},
			{"tls,login", smtp.Options{}},
			{"", smtp.Options{RouteBy: smtp.RouteByRCPT}},
			{"tls", smtp.Options{RouteBy: smtp.RouteByRCPT, TLS: smtp.TLSOffered}},
			{"implicit", smtp.Options{RouteBy: smtp.RouteByRCPT, TLS: smtp.TLSImplicit}},
			{"tls", smtp.Options{RouteBy: smtp.RouteBySNI, TLS: smtp.TLSRequired}},
			{"implicit", smtp.Options{RouteBy: smtp.RouteBySNI, TLS: smtp.TLSImplicit}},
			{"plain", smtp.Options{RouteBy: smtp.RouteByAUTH}},
			{"tls,login", smtp.Options{RouteBy: smtp.RouteByAUTH, TLS: smtp.TLSRequired}},
		} {
			p := startProxy(t, impl, tt.options, to)
			nodemailer(t, p, "shop.example", tt.settings, "nodemailer@shop.example")
			for _, message := range mailServer.mail(t, "shop-nodemailer", 2) {
				if !strings.Contains(message, "Gr=C3=BC=C3=9Fe") {
					t.Errorf("%+v: the message is %q", tt.options, message)
				}
			}
			p.AwaitActive(0)
		}
	})
}

// TestAUTH routes by the user's domain, and lets the backend judge the
// password.
func TestAUTH(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByAUTH}, toPostfix(t))
		for _, mechanism := range []string{"plain", "login"} {
			smtplib(t, p, "client.example", mechanism, "auth@shop.example")
			swaks(t, p, "client.example", "auth@shop.example", "--auth", mechanism,
				"--auth-user", "swaks@shop.example", "--auth-password", "secret")
		}
		mailServer.mail(t, "shop-auth", 4)
		args := append(swaksArgs(p, "client.example", "auth@shop.example"),
			"--quit-after", "AUTH", "--auth", "LOGIN", "--auth-user", "a@shop.example", "--auth-password", "wrong")
		if said, err := tryRun(t, "swaks", args...); err == nil || !strings.Contains(said, "535 5.7.8") {
			t.Errorf("a wrong password: %v, %s", err, said)
		}
	})
}

func TestSwaks(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, by := range bothWays {
			p := startProxy(t, impl, smtp.Options{RouteBy: by, TLS: smtp.TLSOffered}, to)
			swaks(t, p, "shop.example", "swaks@shop.example")
			swaks(t, p, "shop.example", "swaks@shop.example", "--pipeline", "--tls", "--tls-verify", "--tls-ca-path", p.ca)
			for _, got := range mailServer.mail(t, "shop-swaks", 2) {
				if body(got) != ".\nby swaks\n..\n.\n\n\n" { // swaks ends it so
					t.Errorf("%v: the message is %q", by, got)
				}
			}
		}
	})
}

// TestClientHeaders has Postfix see the client's address, not the proxy's.
func TestClientHeaders(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, told := range []struct {
			words   smtp.ClientHeader
			header  proxyheader.Version
			service string
		}{{smtp.XClient, proxyheader.None, "shop"}, {smtp.NoHeader, proxyheader.V1, "proxy"}, {smtp.NoHeader, proxyheader.V2, "proxy"}} {
			to := shopAt(mailServer.at(t, told.service))
			for _, by := range bothWays {
				p := startProxy(t, impl, smtp.Options{RouteBy: by, ClientHeader: told.words}, to, func(cfg *engine.Config) {
					cfg.Listeners[0].BackendHeader = told.header
				})
				client := dialFrom(t, "127.0.0.9", p)
				client.Say("EHLO shop.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<xclient@shop.example>\r\n")
				client.HearTo("250 2.1.5 Ok\r\n")
				client.Say("DATA\r\n")
				client.HearTo("<CR><LF>\r\n")
				client.Say("x\r\n.\r\nQUIT\r\n")
				client.HearEnd()
				enginetest.Must(t, client.Close())
				if got := mailServer.mail(t, "shop-xclient", 1)[0]; !strings.Contains(got, "[127.0.0.9]") {
					t.Errorf("%v, %v, %v: the message is %q", told.words, told.header, by, got)
				}
			}
		}
	})
}
