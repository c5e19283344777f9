package engine_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine"
)

// A request over standing connections allocates nothing.
func TestHTTPRequestAllocatesNothing(t *testing.T) {
	for name, m := range map[string]struct{ request, response string }{
		"GET": {
			"GET /a HTTP/1.1\r\nHost: alpha.example\r\nUser-Agent: test\r\nAccept: */*\r\nCookie: a=b\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n12345",
		},
		"POST, chunked": {
			"POST /a HTTP/1.1\r\nHost: alpha.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			p := startBare(t, engine.HTTPFront())
			request, response := []byte(m.request), []byte(m.response)
			client := bareSocket(t)
			must(t, unix.Connect(client, &p.proxy))
			p.write(client, request)
			backend := p.accept()
			// The proxy keeps its connection for the next client.
			defer unix.Close(backend)
			defer unix.Close(client)
			p.readTo(backend, request[len(request)-4:])
			p.write(backend, response)
			p.readTo(client, response[len(response)-4:])
			n := mallocs(10_000, func() {
				p.write(client, request)
				p.readTo(backend, request[len(request)-4:])
				p.write(backend, response)
				p.readTo(client, response[len(response)-4:])
			})
			if n >= 0.01 {
				t.Errorf("%v allocations per request", n)
			}
		})
	}
}
