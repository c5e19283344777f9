package smtptest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestTLS terminates the clients' TLS, STARTTLS or from the first byte, and
// turns the backends' legs to it, whose certificates are verified.
func TestTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		pair, _ := ca.Issue("127.0.0.1")
		server := startPostfix(t, fmt.Sprintf("smtpd_tls_chain_files = %s, %s\n", pair.Key, pair.Cert))
		to := shopAt(server.at(t, "shop"))
		for _, by := range bothWays {
			for mode, settings := range map[smtp.TLSMode]string{
				smtp.TLSOff: "", smtp.TLSOffered: "tls", smtp.TLSRequired: "tls",
			} {
				p := startProxy(t, impl, smtp.Options{RouteBy: by, TLS: mode}, to, encrypting(tlsterm.VerifyFull, ca))
				smtplib(t, p, "shop.example", settings, "tls@shop.example")
				if got := server.mail(t, "shop-tls", 1)[0]; body(got) != smtplibBody || !strings.Contains(got, "with ESMTPS") {
					t.Errorf("%v, %v: the message is %q", by, mode, got)
				}
				p.AwaitActive(0)
			}
		}
	})
}

// TestBackendOfAStranger is told to the client before it has sent anything.
func TestBackendOfAStranger(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{}, toPostfix(t), encrypting(tlsterm.VerifyFull, enginetest.NewAuthority(t)))
		client := p.Dial()
		client.Hear("220 localhost ESMTP\r\n")
		client.Say("EHLO shop.example\r\n")
		client.Hear("421 4.3.2 Mail server \"shop.example\" is not available, try again later: " +
			"the connection to the server can't be encrypted as configured\r\n")
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.BackendHandshakeFailed, 1)
	})
}

// TestImplicitTLS begins with the handshake (port 465), and goes on in the clear
// to the backend.
func TestImplicitTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, by := range bothWays {
			p := startProxy(t, impl, smtp.Options{RouteBy: by, TLS: smtp.TLSImplicit}, to)
			smtplib(t, p, "shop.example", "implicit,eight", "tls@shop.example")
			swaks(t, p, "shop.example", "tls@shop.example", "--tls-on-connect")
			mailServer.mail(t, "shop-tls", 2)
			p.AwaitActive(0)
		}
	})
}

// TestTLSPassedThrough lets the backend's own STARTTLS pass through the relay.
func TestTLSPassedThrough(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{}, toPostfix(t))
		smtplib(t, p, "shop.example", "tls", "tls@shop.example")
		if got := mailServer.mail(t, "shop-tls", 1)[0]; !strings.Contains(got, "with ESMTPS") {
			t.Errorf("the message is %q", got)
		}
	})
}

// TestTLSOfferedInVain is for a client that could encrypt and doesn't.
func TestTLSOfferedInVain(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for _, by := range bothWays {
			p := startProxy(t, impl, smtp.Options{RouteBy: by, TLS: smtp.TLSOffered}, to)
			smtplib(t, p, "shop.example", "", "smtplib@shop.example")
			mailServer.mail(t, "shop-smtplib", 1)
		}
	})
}

// TestGluedToSTARTTLS refuses commands that came in the clear to be taken for
// encrypted ones.
func TestGluedToSTARTTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, smtp.Options{TLS: smtp.TLSOffered}, toPostfix(t))
		client := p.Dial()
		client.Say("EHLO shop.example\r\n")
		client.HearTo("STARTTLS\r\n")
		client.Say("STARTTLS\r\nNOOP\r\n")
		client.Hear("500 5.5.2 commands were sent behind STARTTLS\r\n")
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.Malformed, 1)
	})
}
