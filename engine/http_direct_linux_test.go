package engine_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	codec "github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// directClient is a client of a proxy that answers everything itself.
type directClient struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func startDirect(t *testing.T, changes ...func(*engine.Config)) *directClient {
	t.Helper()
	direct := func(cfg *engine.Config) {
		cfg.HTTP.Direct = &codec.Static{Status: 202, Type: "text/plain", Body: []byte("taken")}
	}
	// The address of the backend can't be connected to, which nobody finds out.
	p := start(t, engine.Reactor, engine.HTTPFront(), resolve.Fixed("192.0.2.1:1"), append(changes, direct)...)
	conn, err := net.Dial("tcp", p.Addr(listener).String())
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	return &directClient{t, conn, bufio.NewReader(conn)}
}

// send sends what is a request or a part of one.
func (c *directClient) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c, text)
	must(c.t, err)
}

// expect reads one answer.
func (c *directClient) expect(method string, status int, body string, closes bool) {
	c.t.Helper()
	r, err := http.ReadResponse(c.in, &http.Request{Method: method})
	must(c.t, err)
	got, err := io.ReadAll(r.Body)
	must(c.t, err)
	if r.StatusCode != status || body != "" && string(got) != body || r.Close != closes {
		c.t.Errorf("%s: %d %q, closes: %v; want %d %q, %v", method, r.StatusCode, got, r.Close, status, body, closes)
	}
}

// expectEnd reads the end of the connection.
func (c *directClient) expectEnd() {
	c.t.Helper()
	if n, err := c.in.Read(make([]byte, 1)); err != io.EOF {
		c.t.Errorf("%d bytes, %v; want the end", n, err)
	}
}

// TestDirectKeepsTheConnection has one connection serve all kinds of requests.
func TestDirectKeepsTheConnection(t *testing.T) {
	checkLeaks(t)
	c := startDirect(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.expect("GET", 202, "taken", false)
	c.send("HEAD / HTTP/1.1\r\nHost: b\r\n\r\n")
	c.expect("HEAD", 202, "", false)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345")
	c.expect("POST", 202, "taken", false)

	// Each piece is a segment of its own, or not: the answer comes last.
	for _, piece := range []string{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n12", "345\r\n0\r\nX: 1", "\r\n\r\n"} {
		c.send(piece)
	}
	c.expect("POST", 202, "taken", false)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
	c.send(string(make([]byte, 300_000)))
	c.expect("POST", 202, "taken", false)

	c.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	c.expect("PUT", 202, "taken", false)
	c.expect("GET", 202, "taken", false)
	c.expect("GET", 202, "taken", true)
	c.expectEnd()
}

func TestDirectEndsTheConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		request string
		status  int
		body    string
	}{
		"1.0 without a host": {"GET / HTTP/1.0\r\n\r\n", 202, "taken"},
		"a body held back":   {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 202, "taken"},
		"a malformed body":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, ""},
		"a large body":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n", 413, ""},
		"a malformed head":   {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			c := startDirect(t, func(cfg *engine.Config) { cfg.HTTP.Limits.Body = 8 })
			c.send(tt.request)
			c.expect("GET", tt.status, tt.body, true)
			must(t, c.Conn.(*net.TCPConn).CloseWrite())
			c.expectEnd()
		})
	}
}

// TestDirectBodyStalls ends a request whose body doesn't come.
func TestDirectBodyStalls(t *testing.T) {
	checkLeaks(t)
	c := startDirect(t, func(cfg *engine.Config) { cfg.HTTP.Stall = 20 * time.Millisecond })
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1")
	c.expect("POST", 408, "", true)
}

func TestHTTPSettingsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*engine.HTTP){
		`HTTP direct response: the status 199 isn't from 200 to 599`: func(h *engine.HTTP) { h.Direct = &codec.Static{Status: 199} },
		`HTTP direct response: "a\nb" can't be a Content-Type`:       func(h *engine.HTTP) { h.Direct = &codec.Static{Status: 200, Type: "a\nb"} },
		`HTTP: Via's pseudonym "a b" isn't a token`:                  func(h *engine.HTTP) { h.Via = "a b" },
	} {
		cfg := engine.DefaultConfig()
		cfg.Resolver = resolve.Fixed("")
		cfg.Listeners = []engine.Listener{{Name: codecs.HTTP.String(), Address: ":0", Front: engine.HTTPFront()}}
		change(&cfg.HTTP)
		if err := cfg.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// An answer over a standing connection allocates nothing.
func TestDirectAllocatesNothing(t *testing.T) {
	checkLeaks(t)
	c := startDirect(t)
	request := []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345")
	answer := make([]byte, len("HTTP/1.1 202 \r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\ntaken"))
	exchange := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c.in, answer); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	if n := mallocs(10_000, exchange); n >= 0.01 {
		t.Errorf("%v allocations per request", n)
	}
}
