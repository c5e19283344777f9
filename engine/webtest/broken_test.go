package webtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// responses are one of each framing. One until EOF is whole wherever its body
// is cut.
var responses = []struct {
	name, text, body string
	untilEOF         bool
}{
	{"length", "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz", false},
	{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n10;x=\"y\"\r\nfghijklmnopqrstu\r\n0\r\nX-Sum: 1\r\n\r\n", "abcdefghijklmnopqrstu", false},
	{"until EOF", "HTTP/1.1 200 OK\r\nX: y\r\n\r\nabcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz", true},
}

// cutter is a backend that sends a part of a response, and then closes its
// connection or breaks it.
type cutter struct {
	net.Listener
	serving sync.WaitGroup
	mu      sync.Mutex // guards what follows
	part    string
	reset   bool
}

func startCutter(t *testing.T) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	c := &cutter{Listener: l}
	c.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.serving.Go(func() { c.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		enginetest.CloseAll(t, l)
		c.serving.Wait()
	})
	return c
}

// next says what becomes of the next connections.
func (c *cutter) next(part string, reset bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.part, c.reset = part, reset
}

func (c *cutter) serve(conn *net.TCPConn) {
	defer conn.Close()
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(conn, c.part) // the client may be gone
	if c.reset {
		_ = conn.SetLinger(0) // can't fail here
	}
}

// TestCutResponses cuts responses short at every byte. What is cut looks cut:
// the client is told of a bad gateway, or gets an error from its connection.
func TestCutResponses(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := startCutter(t)
		p := startProxy(t, impl, only(backend.Addr().String()))
		client := p.client(1)
		for _, r := range responses {
			for cut := range len(r.text) + 1 {
				for _, reset := range []bool{false, true} {
					backend.next(r.text[:cut], reset)
					whole := cut == len(r.text) || r.untilEOF && cut >= len(r.text)-len(r.body)
					if err := checkCut(client, p, r.text[:cut], r.body, whole && !(reset && r.untilEOF), reset); err != nil {
						t.Errorf("%s, cut at %d, reset %v: %v", r.name, cut, reset, err)
					}
				}
			}
		}
	})
}

// checkCut asks for a response of which a part will come. whole says that the
// part is a response of its own; a reset may destroy what is under way.
func checkCut(client *http.Client, p *proxy, part, body string, whole, reset bool) error {
	response, err := client.Do(p.request(http.MethodGet, host, "/"))
	if err != nil {
		return wantBroken(err, whole && !reset)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusBadGateway && err == nil && !(whole && !reset):
		return nil
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s, %v", response.Status, err)
	case err != nil:
		return wantBroken(err, whole && !reset)
	case !whole:
		return fmt.Errorf("it looks complete, with %q", got)
	case response.ContentLength < 0 && len(response.TransferEncoding) == 0:
		body = part[len(part)-len(got):]
	}
	if string(got) != body {
		return fmt.Errorf("got %q, want %q", got, body)
	}
	return nil
}

// wantBroken takes any error for that of a broken response but that nothing
// more has come.
func wantBroken(err error, whole bool) error {
	if whole {
		return fmt.Errorf("a whole response: %w", err)
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return err
	}
	return nil
}

// TestKilledBackend kills a server while it owes something.
func TestKilledBackend(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, path := range []string{"/half/length", "/half/chunked"} {
			backend := serveNode(t)
			p := startProxy(t, impl, only(backend.addr))
			response, err := p.client(1).Do(p.request(http.MethodGet, host, path))
			enginetest.Must(t, err)
			_, err = io.ReadFull(response.Body, make([]byte, 1000))
			enginetest.Must(t, err)
			backend.kill()
			rest, err := io.ReadAll(response.Body)
			if err := errors.Join(wantBroken(err, false), response.Body.Close()); err != nil || len(rest) > 0 {
				t.Errorf("%s: %q, %v", path, rest, err)
			}
			if err == nil {
				t.Errorf("%s looks complete", path)
			}
		}
	})
}

// TestKilledBeforeAnswer kills a server that has taken a request and answered
// nothing but that it is at it.
func TestKilledBeforeAnswer(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := serveNode(t)
		p := startProxy(t, impl, only(backend.addr))
		c, err := net.Dial("tcp", p.Address())
		enginetest.Must(t, err)
		defer enginetest.CloseAll(t, c)
		enginetest.Must(t, c.SetDeadline(enginetest.Soon()))
		_, err = io.WriteString(c, "GET /half/nothing HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		enginetest.Must(t, err)
		in := bufio.NewReader(c)
		for _, want := range []int{http.StatusProcessing, http.StatusBadGateway} {
			response, err := http.ReadResponse(in, nil)
			enginetest.Must(t, err)
			if response.StatusCode != want {
				t.Errorf("got %s, want %d", response.Status, want)
			}
			backend.kill()
		}
	})
}
