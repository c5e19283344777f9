package figurestest

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// What sessions move is counted as it moves, however much at once, and exactly.
func TestTrafficOfOpenSessions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, tcp.Front("db"))
		const n = 100
		up, down := 0, 0
		var ends []*enginetest.Conn
		for i := range n {
			client := s.Dial()
			client.Say("+")
			backend := s.backend.Accept()
			backend.Hear("+")
			size := 100 + i
			if i%10 == 0 {
				size = 300<<10 + i // by splice
			}
			passes(client, backend, size)
			passes(backend, client, 2*size)
			up, down = up+1+size, down+2*size
			ends = append(ends, client, backend)
		}
		s.awaitMoved(up, down)
		for i := 0; i < len(ends); i += 2 {
			passes(ends[i], ends[i+1], 7)
			enginetest.CloseAll(t, ends[i], ends[i+1])
		}
		s.AwaitActive(0)
		s.awaitMoved(up+7*n, down)
	})
}

// So is what comes encrypted, decrypted.
func TestTrafficWithinTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ca := enginetest.NewAuthority(t)
		s := start(t, impl, tcp.Front("db"), func(cfg *engine.Config) { cfg.Listeners[0].TLS = ca.Server("proxy.test") })
		client := tls.Client(s.Dial().TCPConn, &tls.Config{RootCAs: ca.Roots(), ServerName: "proxy.test"})
		_, err := client.Write([]byte("hello"))
		enginetest.Must(t, err)
		backend := s.backend.Accept()
		backend.Hear("hello")
		s.awaitMoved(5, 0)
		backend.Say("goodbye!")
		s.awaitMoved(5, 8)
		enginetest.CloseAll(t, client, backend)
		s.AwaitActive(0)
		s.awaitMoved(5, 8)
	})
}

// Of HTTP, heads and bodies count as they come.
func TestTrafficOfHTTP(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, engine.HTTPFront())
		client := s.Dial()
		const body = 200_000
		request := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n", body)
		response := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 2*body)
		client.Say(request)
		backend := s.backend.Accept()
		backend.HearTo("\r\n\r\n")
		s.awaitMoved(len(request), 0)
		passes(client, backend, body)
		s.awaitMoved(len(request)+body, 0)
		backend.Say(response)
		client.HearTo("\r\n\r\n")
		passes(backend, client, body)
		s.awaitMoved(len(request)+body, len(response)+body)
		passes(backend, client, body)
		s.awaitMoved(len(request)+body, len(response)+2*body)
		enginetest.CloseAll(t, client, backend)
		s.AwaitActive(0)
		s.awaitMoved(len(request)+body, len(response)+2*body)
	})
}

// What a connection moves that has switched protocols counts as well.
func TestTrafficOfWebSockets(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, engine.HTTPFront())
		client := s.Dial()
		const request = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
		const response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
		client.Say(request)
		backend := s.backend.Accept()
		backend.HearTo("\r\n\r\n")
		backend.Say(response)
		client.HearTo("\r\n\r\n")
		passes(client, backend, 1000)
		passes(backend, client, 100_000)
		s.awaitMoved(len(request)+1000, len(response)+100_000)
		enginetest.CloseAll(t, client, backend)
		s.AwaitActive(0)
		s.awaitMoved(len(request)+1000, len(response)+100_000)
		if n := s.Stats().Listeners[0].FirstByte.Count(); n != 1 {
			t.Errorf("timed %d answers to one request", n)
		}
	})
}

// A client that is turned away is counted with what it has said.
func TestTrafficOfTheRefused(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, engine.HTTPFront())
		client := s.Dial()
		nonsense := strings.Repeat("\x00", 50)
		client.Say(nonsense)
		client.HearTo("\r\n\r\n")
		client.Say("and more")
		enginetest.Must(t, client.CloseWrite())
		client.HearEnd()
		s.AwaitActive(0)
		s.awaitMoved(len(nonsense)+len("and more"), 0)
	})
}
