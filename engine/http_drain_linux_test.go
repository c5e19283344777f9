package engine_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// A request under way when the proxy begins to drain is served; its connection
// ends with it, told so if there is still time to.
func TestHTTPDrainEndsBehindTheResponse(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after string // of the response
		told          bool
	}{
		"before the head":   {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345", true},
		"behind the head":   {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1", "2345", false},
		"within the chunks": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n", "2\r\n45\r\n0\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			backend, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			defer backend.Close()
			p := start(t, engine.Reactor, engine.HTTPFront(), resolve.Fixed(backend.Addr().String()))
			client := p.dial()
			defer client.Close()
			_, err = io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			must(t, err)
			link, err := backend.Accept()
			must(t, err)
			defer link.Close()
			_, err = http.ReadRequest(bufio.NewReader(link))
			must(t, err)
			in := bufio.NewReader(client)
			if tt.before != "" {
				_, err = io.WriteString(link, tt.before)
				must(t, err)
				_, err = in.Peek(1)
				must(t, err)
			}

			p.stopped = true
			done := async(func() error { return p.Shutdown(context.Background()) })
			eventually(t, "newcomers are refused", func() bool {
				late, err := net.DialTCP("tcp", nil, p.address())
				if err == nil {
					late.Close()
				}
				return errors.Is(err, unix.ECONNREFUSED)
			})
			_, err = io.WriteString(link, tt.after)
			must(t, err)
			r, err := http.ReadResponse(in, nil)
			must(t, err)
			body, err := io.ReadAll(r.Body)
			must(t, err)
			if string(body) != "12345" || r.Close != tt.told {
				t.Errorf("got %q, told: %v; want %v", body, r.Close, tt.told)
			}
			if n, err := in.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%d bytes, %v; want the end", n, err)
			}
			must(t, client.CloseWrite())
			must(t, <-done)
		})
	}
}
