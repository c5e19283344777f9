package webtest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	codec "github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// dialDirect is a client of a proxy that answers everything itself.
func dialDirect(t *testing.T, impl engine.Impl, change func(*engine.Config)) *enginetest.Conn {
	t.Helper()
	// There is no route, which nobody finds out.
	return startProxy(t, impl, routes{}, change, func(cfg *engine.Config) {
		cfg.HTTP.Direct = &codec.Static{Status: 202, Type: "text/plain", Body: []byte("taken")}
	}).Dial()
}

// checkAnswer reads one answer. "" is any body.
func checkAnswer(t *testing.T, c *enginetest.Conn, method string, status int, body string, closes bool) {
	t.Helper()
	r, err := http.ReadResponse(c.In, &http.Request{Method: method})
	enginetest.Must(t, err)
	got, err := io.ReadAll(r.Body)
	enginetest.Must(t, err)
	if r.StatusCode != status || body != "" && string(got) != body || r.Close != closes {
		t.Errorf("%s: %d %q, closes: %v; want %d %q, %v", method, r.StatusCode, got, r.Close, status, body, closes)
	}
}

// TestDirectKeepsTheConnection has one connection serve all kinds of requests.
func TestDirectKeepsTheConnection(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c := dialDirect(t, impl, func(*engine.Config) {})
		c.Say(get + "\r\n")
		checkAnswer(t, c, "GET", 202, "taken", false)
		c.Say("HEAD / HTTP/1.1\r\nHost: beta.test\r\n\r\n")
		checkAnswer(t, c, "HEAD", 202, "", false)
		c.Say(post + "Content-Length: 5\r\n\r\n12345")
		checkAnswer(t, c, "POST", 202, "taken", false)

		// Each piece is a segment of its own, or not: the answer comes last.
		for _, piece := range []string{chunked, "5\r\n12", "345\r\n0\r\nX: 1", "\r\n\r\n"} {
			c.Say(piece)
		}
		checkAnswer(t, c, "POST", 202, "taken", false)
		c.Say(post + "Content-Length: 300000\r\n\r\n")
		c.Say(strings.Repeat("x", 300_000))
		checkAnswer(t, c, "POST", 202, "taken", false)

		c.Say(post + "Content-Length: 1\r\n\r\nx" + get + "\r\n" + get + "Connection: close\r\n\r\n")
		checkAnswer(t, c, "POST", 202, "taken", false)
		checkAnswer(t, c, "GET", 202, "taken", false)
		checkAnswer(t, c, "GET", 202, "taken", true)
		c.HearEnd()
	})
}

// TestDirectEndsTheConnection has requests behind which the next can't be found.
func TestDirectEndsTheConnection(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		status  int
		body    string
	}{
		"1.0 without a host": {"GET / HTTP/1.0\r\n\r\n", 202, "taken"},
		"a body held back":   {post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 202, "taken"},
		"a malformed body":   {chunked + "x\r\n", 400, ""},
		"a large body":       {chunked + "9\r\n", 413, ""},
		"a malformed head":   {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				client := dialDirect(t, impl, func(cfg *engine.Config) { cfg.HTTP.Limits.Body = 8 })
				client.Say(c.request)
				checkAnswer(t, client, "GET", c.status, c.body, true)
				enginetest.Must(t, client.CloseWrite())
				client.HearEnd()
			})
		})
	}
}

// TestDirectBodyStalls ends a request whose body doesn't come.
func TestDirectBodyStalls(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c := dialDirect(t, impl, hurried)
		c.Say(post + "Content-Length: 5\r\n\r\n1")
		checkAnswer(t, c, "POST", 408, "", true)
	})
}
