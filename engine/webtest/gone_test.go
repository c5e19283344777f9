package webtest

import (
	"io"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestHalfClosedRequest has a client say that it sends no more, within its
// body. The response that is under way may be one until EOF: it must not end as
// if it were complete.
func TestHalfClosedRequest(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		client := p.Dial()
		client.Say(post + "Content-Length: 10\r\n\r\n12345")
		link := backend.Accept()
		link.HearTo("12345")
		link.Say("HTTP/1.1 200 OK\r\n\r\npart")
		client.HearTo("part")
		enginetest.Must(t, client.CloseWrite())
		if rest := client.HearReset(); rest != "" {
			t.Errorf("got %q behind the response", rest)
		}
		link.HearGone()
		p.AwaitClosed(engine.ClientGone, 1)
	})
}

// TestClientResets has a client break while its backend rests. Its backend
// doesn't go on for nobody.
func TestClientResets(t *testing.T) {
	for _, c := range []struct{ name, request, response string }{
		{"before the response", get + "\r\n", ""},
		{"behind a body", post + "Content-Length: 5\r\n\r\n12345", ""},
		{"within a body", post + "Content-Length: 10\r\n\r\n12345", ""},
		{"behind an interim response", get + "\r\n", "HTTP/1.1 102 Processing\r\n\r\n"},
		{"behind two", get + "\r\n", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"},
		{"within the response", get + "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123"},
		{"within a response until EOF", get + "\r\n", "HTTP/1.1 200 OK\r\n\r\n123"},
	} {
		t.Run(c.name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()))
				client := p.Dial()
				client.Say(c.request)
				link := backend.Accept()
				link.HearTo(c.request[len(c.request)-4:])
				if c.response != "" {
					link.Say(c.response)
					client.HearTo(c.response[len(c.response)-3:])
				}
				client.Reset()
				link.HearGone()
				p.AwaitClosed(engine.ClientReset, 1)
				if e := p.Stats().Endpoints; len(e) != 1 || e[0].Sessions != 0 {
					t.Errorf("the endpoint's counters: %+v", e)
				}
			})
		})
	}
}

// TestEndsOfASwitchedConnection ends connections that have switched to another
// protocol: an end is passed on as what it is, and the side that was the first
// is the session's reason.
func TestEndsOfASwitchedConnection(t *testing.T) {
	for want, end := range map[engine.Reason]func(client, link *enginetest.Conn){
		engine.ClientReset: func(client, link *enginetest.Conn) {
			client.Reset()
			link.HearReset()
		},
		engine.BackendReset: func(client, link *enginetest.Conn) {
			link.Reset()
			client.HearReset()
		},
		engine.ClientClosed:  func(client, link *enginetest.Conn) { enginetest.Must(t, endInTurn(client, link)) },
		engine.BackendClosed: func(client, link *enginetest.Conn) { enginetest.Must(t, endInTurn(link, client)) },
	} {
		t.Run(want.String(), func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()))
				client, link := switched(p, backend)
				end(client, link)
				p.AwaitClosed(want, 1)
			})
		})
	}
}

// endInTurn ends one side, and the other once it has heard of that.
func endInTurn(first, second *enginetest.Conn) error {
	if err := first.CloseWrite(); err != nil {
		return err
	}
	second.HearEnd()
	second.Say("last words")
	if err := second.Close(); err != nil {
		return err
	}
	first.Hear("last words")
	first.HearEnd()
	return nil
}

// switched is a connection that has become one of another protocol, which has
// spoken both ways.
func switched(p *proxy, backend *enginetest.Backend) (client, link *enginetest.Conn) {
	client = p.Dial()
	client.Say(get + "Connection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
	link = backend.Accept()
	link.HearTo("\r\n\r\n")
	link.Say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome")
	client.HearTo("\r\n\r\n")
	client.Hear("welcome")
	link.Hear("hello")
	return client, link
}

// TestResponseForNobody has the backend say something when its client has
// broken, whoever of both is noticed first.
func TestResponseForNobody(t *testing.T) {
	for _, response := range []string{"HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123"} {
		enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
			backend := enginetest.Listen(t)
			p := startProxy(t, impl, only(backend.Address()))
			client := p.Dial()
			client.Say(get + "\r\n")
			link := backend.Accept()
			link.HearTo("\r\n\r\n")
			client.Reset()
			_, _ = io.WriteString(link, response) // the proxy may be gone
			link.HearGone()
			p.AwaitClosed(engine.ClientReset, 1)
		})
	}
}
