package smtptest

import (
	"flag"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

var update = flag.Bool("update", false, "keep the transcripts of the golden sessions")

// golden is a session of a real client with Postfix.
type golden struct {
	name    string
	options smtp.Options
	tls     tlsterm.Verify
	send    func(*testing.T, *proxy)
}

func goldens() []golden {
	const to = "golden@shop.example"
	return []golden{
		{"smtplib_ehlo", smtp.Options{}, tlsterm.Off, func(t *testing.T, p *proxy) { smtplib(t, p, "shop.example", "eight", to) }},
		{"smtplib_rcpt", smtp.Options{RouteBy: smtp.RouteByRCPT}, tlsterm.Require, func(t *testing.T, p *proxy) {
			smtplib(t, p, "client.example", "eight", to, "golden@bank.example", "nobody@shop.example")
		}},
		{"smtplib_login", smtp.Options{RouteBy: smtp.RouteByAUTH}, tlsterm.Off, func(t *testing.T, p *proxy) { smtplib(t, p, "client.example", "login", to) }},
		{"swaks_tls_pipelined", smtp.Options{RouteBy: smtp.RouteByRCPT, TLS: smtp.TLSRequired}, tlsterm.Off, func(t *testing.T, p *proxy) {
			swaks(t, p, "client.example", to, "--pipeline", "--tls")
		}},
		{"swaks_xclient", smtp.Options{RouteBy: smtp.RouteByRCPT, ClientHeader: smtp.XClient}, tlsterm.Prefer, func(t *testing.T, p *proxy) {
			swaks(t, p, "shop.example", to)
		}},
		{"source_rcpt", smtp.Options{RouteBy: smtp.RouteByRCPT}, tlsterm.Off, func(t *testing.T, p *proxy) { source(t, p, "1", "1", "client.example", to) }},
	}
}

// TestGolden has the sessions whose transcripts package codecs/smtp replays, and
// keeps them if so told.
func TestGolden(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, g := range goldens() {
			var heard transcript
			with := []string{g.options.RouteBy.String(), g.options.TLS.String(), g.options.ClientHeader.String(), g.tls.String()}
			heard.add("with", []byte(strings.Join(with, " ")))
			p := startProxy(t, impl, g.options, to, encrypting(g.tls, enginetest.NewAuthority(t)), func(cfg *engine.Config) {
				cfg.Listeners[0].Front = heard.tapped(cfg.Listeners[0].Front)
			})
			g.send(t, p)
			p.AwaitActive(0)
			mailServer.mail(t, "shop-golden", 1)
			if !strings.Contains(heard.lines(), `route "shop.example"`) {
				t.Errorf("%s: %s", g.name, heard.lines())
			}
			if *update {
				heard.write(t, g.name)
			}
		}
	})
}
