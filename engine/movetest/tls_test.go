package movetest

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// Over TLS the client hears all that is under way too, and close_notify behind it.
func TestSecuredLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		const name = "front.example"
		ca := enginetest.NewAuthority(t)
		home := enginetest.Listen(t)
		m := at(home.Address())
		cfg := enginetest.Config(impl, tcp.Front("resource"), m)
		cfg.Listeners[0].TLS = ca.Server(name)
		proxy := enginetest.Start(t, cfg)
		client := tls.Client(proxy.Dial().TCPConn, &tls.Config{RootCAs: ca.Roots(), ServerName: name})
		_, err := io.WriteString(client, "a question")
		enginetest.Must(t, err)
		link := home.Accept()
		link.Hear("a question")
		answer := strings.Repeat("0123456789abcdef", 1<<16)
		said := enginetest.Async(func() error {
			_, err := io.WriteString(link, answer)
			return err
		})
		m.move("127.0.0.1:1")
		link.HearEnd()
		_, err = io.WriteString(client, "too late")
		enginetest.Must(t, err)
		got := make([]byte, len(answer))
		_, err = io.ReadFull(client, got)
		enginetest.Must(t, err)
		enginetest.Must(t, <-said)
		link.Say("last words")
		enginetest.CloseAll(t, link)
		rest, err := io.ReadAll(client)
		enginetest.Must(t, err)
		if string(got) != answer || string(rest) != "last words" {
			t.Errorf("%d bytes aren't those that were sent, or the last words %q", len(got), rest)
		}
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.Moved, 1)
	})
}
