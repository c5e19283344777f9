package webtest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// framings are responses whose end isn't where their bytes alone would have it,
// and what the client gets of them.
var framings = []struct {
	name, request, response, want string
	closes                        bool
}{
	{
		"chunked for 1.0", "GET / HTTP/1.0\r\nHost: alpha.test\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n6\r\n there\r\n0\r\nX-Sum: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello there", true,
	}, {
		"chunked for 1.0 that would go on", "GET / HTTP/1.0\r\nHost: alpha.test\r\nConnection: keep-alive\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true,
	}, {
		"length for 1.0 that goes on", "GET / HTTP/1.0\r\nHost: alpha.test\r\nConnection: keep-alive\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", false,
	}, {
		"204", get + "\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n", false,
	}, {
		"304 with a length", get + "If-None-Match: x\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n", false,
	}, {
		"HEAD with a length", "HEAD / HTTP/1.1\r\nHost: alpha.test\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false,
	}, {
		"HEAD, chunked", "HEAD / HTTP/1.1\r\nHost: alpha.test\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n", false,
	}, {
		"until EOF", get + "\r\n",
		"HTTP/1.1 200 OK\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true,
	}, {
		"trailers of the response", get + "\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", false,
	}, {
		"interim", get + "\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false,
	},
}

// TestFramings compares what the client gets byte by byte. Its connection goes
// on behind it, with a request and a response of their own, or is ended.
func TestFramings(t *testing.T) {
	for _, f := range framings {
		t.Run(f.name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()), func(cfg *engine.Config) { cfg.HTTP.Telemetry = false })
				client := p.Dial()
				client.Say(f.request)
				link := backend.Accept()
				link.HearTo(f.request[len(f.request)-4:])
				link.Say(f.response)
				if f.closes {
					enginetest.Must(t, link.CloseWrite())
				}
				client.Hear(f.want)
				if f.closes {
					client.HearEnd()
					return
				}
				client.Say(get + "\r\n")
				answer(client, link)
			})
		})
	}
}

// TestTrailersOfARequest: they reach the backend.
func TestTrailersOfARequest(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		client := startProxy(t, impl, only(backend.Address())).Dial()
		client.Say(chunked + "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Hear("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")
		link.Say(fine)
		client.HearTo("fine")
	})
}

// TestInterimBeforeABadResponse: what could be passed on was.
func TestInterimBeforeABadResponse(t *testing.T) {
	const interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		client := startProxy(t, impl, only(backend.Address())).Dial()
		client.Say(get + "\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Say(interim + "nonsense\r\n\r\n")
		client.Hear(interim + "HTTP/1.1 502 ")
		link.HearReset()
	})
}
