package smtptest

import (
	"fmt"
	"net"
	"net/textproto"
	"path/filepath"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// senderMain has a Postfix send everything through the proxy, and try again
// soon what it can't get rid of.
const senderMain = `
virtual_mailbox_domains =
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:%s
default_destination_concurrency_limit = 2
smtp_connection_cache_destinations = [127.0.0.1]
smtp_tls_security_level = %s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
`

// TestPostfixAsClient has Postfix deliver to two domains over connections that
// it keeps and shares between them, messages to both at once too: what is
// answered with 421 and 451 must arrive after all, and once.
func TestPostfixAsClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		to := toPostfix(t)
		for mode, level := range map[smtp.TLSMode]string{smtp.TLSOff: "none", smtp.TLSRequired: "encrypt"} {
			t.Run(mode.String(), func(t *testing.T) {
				p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT, TLS: mode}, to)
				sender := startPostfix(t, fmt.Sprintf(senderMain, p.port(), level))
				for i := range 8 {
					both := []string{"sender@shop.example", "sender@bank.example"}
					submit(t, sender.socket("submit"), both[i%2])
					submit(t, sender.socket("submit"), both...)
				}
				sender.flush(t)
				mailServer.mail(t, "shop-sender", 12)
				mailServer.mail(t, "bank-sender", 12)
			})
		}
	})
}

// flush has the server try what it has put off until nothing is left. By itself it
// forgets, until more mail comes, a message that it wanted to try again while the
// last try was being noted ("skipped, still being delivered").
func (p *postfix) flush(t *testing.T) {
	t.Helper()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	sent := func() bool {
		select {
		case <-again.C:
			_ = p.command("flush").Run() // and again a second later
		default:
		}
		return p.idle()
	}
	if !enginetest.Holds(sent) {
		t.Fatalf("mail is left in the queue; Postfix says:\n%s", p.log())
	}
}

// idle says that no message is in the server's queues.
func (p *postfix) idle() bool {
	for _, queue := range []string{"maildrop", "incoming", "active", "deferred"} {
		// Those of "deferred" are spread over folders.
		for _, pattern := range []string{"?????*", "?/?????*"} {
			left, _ := filepath.Glob(filepath.Join(p.dir, "queue", queue, pattern)) // fails for a malformed pattern only
			if len(left) > 0 {
				return false
			}
		}
	}
	return true
}

// submit gives a message to the server at path.
func submit(t *testing.T, path string, recipients ...string) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	enginetest.Must(t, conn.SetDeadline(enginetest.Soon()))
	text := textproto.NewConn(conn)
	say := func(code int, line string) {
		if line != "" {
			text.PrintfLine("%s", line)
		}
		if _, _, err := text.ReadResponse(code); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	say(220, "")
	say(250, "EHLO submitter.example")
	say(250, "MAIL FROM:<sender@shop.example>")
	for _, r := range recipients {
		say(250, "RCPT TO:<"+r+">")
	}
	say(354, "DATA")
	say(250, "Subject: x\r\n\r\nx\r\n.")
	say(221, "QUIT")
}
