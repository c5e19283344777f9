package webtest

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestNothingOfABodyIsARequest has a backend answer, and then break, while it is
// being sent the last piece of a body that is made of requests.
func TestNothingOfABodyIsARequest(t *testing.T) {
	body := strings.Repeat(hidden, 300)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		narrow(t, backend)
		p := startProxy(t, impl, only(backend.Address()), func(cfg *engine.Config) { cfg.Dial.SendBuffer = 1 })
		client := p.Dial()
		client.Say(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", post, len(body), body))
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Say(fine)
		client.HearTo("fine")
		link.Reset()
		enginetest.Must(t, client.CloseWrite())
		client.HearGone()
		p.AwaitActive(0)
		if n := p.Stats().Requests; n != 1 {
			t.Errorf("1 request became %d", n)
		}
	})
}

// narrow has a backend's connections take next to nothing that isn't read.
func narrow(t *testing.T, backend *enginetest.Backend) {
	t.Helper()
	socket, err := backend.SyscallConn()
	enginetest.Must(t, err)
	var failure error
	enginetest.Must(t, socket.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1)
	}))
	enginetest.Must(t, failure)
}

// TestEarlyResponse has a backend refuse a body of which it has seen the
// beginning. The client is told that its connection ends, and that end is an
// orderly one though it goes on sending.
func TestEarlyResponse(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		client := p.Dial()
		client.Say(post + "Content-Length: 1000000\r\n\r\nbeginning")
		link := backend.Accept()
		link.HearTo("beginning")
		link.Say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
		if head := client.HearTo("\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 413 ") || !strings.Contains(head, "\r\nConnection: close\r\n") {
			t.Errorf("got %q", head)
		}
		link.HearGone()
		client.Say(strings.Repeat("more", 100_000))
		if rest := client.HearEnd(); rest != "" {
			t.Errorf("got %q behind the response", rest)
		}
		enginetest.Must(t, client.CloseWrite())
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}

// TestLastResponse: behind what a client has asked to be the last nothing can
// come, and the proxy waits for nothing.
func TestLastResponse(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		client := p.Dial()
		client.Say(get + "Connection: close\r\n\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Say(fine)
		client.HearTo("fine")
		client.HearEnd()
		p.AwaitClosed(engine.ClientClosed, 1) // though the client is still there
	})
}
