package introtest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// get is a request, and ok a response.
const (
	get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
	ok  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// HTTP backends hear of the client by X-Forwarded-For and, if it is wanted, by a
// header per connection, which then is for one request.
func TestHTTP(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, engine.HTTPFront(), trusting)
		for _, v := range versions {
			client := p.Dial()
			client.Say(string(told.Append(nil, v)) + get)
			for range 2 {
				link := backend.Accept()
				link.Hear(toldV1 + "GET / HTTP/1.1\r\n")
				if head := link.HearTo("\r\n\r\n"); !strings.Contains(head, "\r\nX-Forwarded-For: 192.0.2.1\r\n") {
					t.Errorf("%v: the backend got %q", v, head)
				}
				link.Say(ok)
				client.HearTo("\r\n\r\nok")
				link.HearEnd()
				enginetest.Must(t, link.Close())
				client.Say(get)
			}
			link := backend.Accept()
			client.Reset()
			link.HearGone()
			p.AwaitActive(0)
		}
	})
}

// Without a header to the backend connections are shared, whoever the clients
// are.
func TestHTTPIsPooledWithoutHeader(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, engine.HTTPFront(), func(cfg *engine.Config) {
			cfg.ProxyProtocolFrom, cfg.EventLoops = loopback, 1
		})
		var link *enginetest.Conn
		for _, from := range []string{"192.0.2.1", "192.0.2.2"} {
			client := p.Dial()
			client.Say(strings.ReplaceAll(toldV1, "192.0.2.1", from) + get)
			if link == nil {
				link = backend.Accept()
			}
			if head := link.HearTo("\r\n\r\n"); !strings.Contains(head, "\r\nX-Forwarded-For: "+from+"\r\n") {
				t.Errorf("the backend got %q", head)
			}
			link.Say(ok)
			client.HearTo("\r\n\r\nok")
			enginetest.Must(t, client.Close())
			p.AwaitActive(0)
		}
	})
}

// X-Forwarded-For of a client behind a proxy is believed for the client's own
// address, not for the proxy's.
func TestTrustIsOfTheClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, engine.HTTPFront(), func(cfg *engine.Config) {
			cfg.ProxyProtocolFrom, cfg.HTTP.Trusted = loopback, loopback
		})
		client := p.Dial()
		client.Say(toldV1 + strings.Replace(get, "\r\n\r\n", "\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n", 1))
		link := backend.Accept()
		if head := link.HearTo("\r\n\r\n"); strings.Contains(head, "1.2.3.4") {
			t.Errorf("the backend got %q", head)
		}
		client.Reset()
		link.HearGone()
		p.AwaitActive(0)
	})
}

func TestCurl(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, engine.HTTPFront(), trusting)
		answered := make(chan string, 1)
		go func() {
			out, err := exec.CommandContext(t.Context(), "curl", "-s", "--noproxy", "*", "--interface", "127.0.0.7", "--haproxy-protocol",
				"http://"+p.Address()+"/").CombinedOutput()
			if err != nil {
				out = append(out, err.Error()...)
			}
			answered <- string(out)
		}()
		link := backend.Accept()
		link.Hear("PROXY TCP4 127.0.0.7 127.0.0.1 ")
		if head := link.HearTo("\r\n\r\n"); !strings.Contains(head, "\r\nX-Forwarded-For: 127.0.0.7\r\n") {
			t.Errorf("the backend got %q", head)
		}
		link.Say(ok)
		if got := <-answered; got != "ok" {
			t.Errorf("curl got %q", got)
		}
	})
}
