package webtest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// wellFormed are requests as clients may send them, some of them rarely seen,
// and what they mean. HOST stands for the backend's name.
var wellFormed = []struct {
	name, in string
	want     understood // Headers are those that must be there
}{
	{"plain", "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/"}},
	{"query", "GET /a?b=c&d HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/a?b=c&d"}},
	{"escapes", "GET /%2e%2E/%00%2f?%0d%0a HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/%2e%2E/%00%2f?%0d%0a"}},
	{"dots and slashes", "GET //a/../b//./c HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "//a/../b//./c"}},
	{"odd characters", "GET /a;b='c'!$()*+,=:@~ HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/a;b='c'!$()*+,=:@~"}},
	{"absolute", "GET http://HOST/a?b HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/a?b"}},
	{"absolute without path", "GET http://HOST HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/"}},
	{"absolute, query only", "GET http://HOST?a HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/?a"}},
	{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "OPTIONS", Target: "*"}},
	{"port", "GET / HTTP/1.1\r\nHost: HOST:8080\r\n\r\n", understood{Method: "GET", Target: "/", Headers: map[string][]string{"host": {"HOST:8080"}}}},
	{"empty line first", "\r\nGET / HTTP/1.1\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/"}},
	{"1.0", "GET / HTTP/1.0\r\nHost: HOST\r\n\r\n", understood{Method: "GET", Target: "/"}},
	{"other methods", "PATCH / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\n\r\nx", understood{Method: "PATCH", Target: "/", Body: "x"}},
	{"DELETE with a body", "DELETE / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\n\r\nx", understood{Method: "DELETE", Target: "/", Body: "x"}},
	{"GET with a body", "GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\n\r\nx", understood{Method: "GET", Target: "/", Body: "x"}},
	{"body of any bytes", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 6\r\n\r\n\x00\r\n\r\n\xff", understood{Method: "POST", Target: "/", Body: "\x00\r\n\r\n\u00ff"}},
	{"body like a request", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n", understood{Method: "POST", Target: "/", Body: "GET / HTTP/1.1\r\n\r\n"}},
	{"empty body", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n", understood{Method: "POST", Target: "/"}},
	{"chunked", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", understood{Method: "POST", Target: "/", Body: "abc0123456789"}},
	{"Chunked", "POST / HTTP/1.1\r\nHost: HOST\r\ntransfer-encoding:\tChunked \r\n\r\n0003\r\nabc\r\n000\r\n\r\n", understood{Method: "POST", Target: "/", Body: "abc"}},
	{"chunked, empty", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", understood{Method: "POST", Target: "/"}},
	{"chunk extensions", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3;a;b=c;d=\"e f\"\r\nabc\r\n0;z\r\n\r\n", understood{Method: "POST", Target: "/", Body: "abc"}},
	{"chunks like chunks", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n", understood{Method: "POST", Target: "/", Body: "0\r\n\r\n"}},
	{
		"trailers", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 5\r\n\r\n",
		understood{Method: "POST", Target: "/", Body: "a", Trailers: map[string][]string{"x-sum": {"5"}}},
	},
	{
		"fields", "GET / HTTP/1.1\r\nHost: HOST\r\nX-Empty:\r\nX-Space: \t a b \t\r\nX-Twice: 1\r\nx-twice: 2\r\nX-Bytes: \xe4\r\n\r\n",
		understood{Method: "GET", Target: "/", Headers: map[string][]string{"x-empty": {""}, "x-space": {"a b"}, "x-twice": {"1", "2"}}},
	},
	{
		"hop by hop", "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nX-End: 2\r\n\r\n",
		understood{Method: "GET", Target: "/", Headers: map[string][]string{"x-hop": nil, "keep-alive": nil, "proxy-authorization": nil, "x-end": {"2"}}},
	},
	{
		"Connection names the framing", "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: content-length, host\r\nContent-Length: 3\r\n\r\nabc",
		understood{Method: "POST", Target: "/", Body: "abc", Headers: map[string][]string{"content-length": {"3"}}},
	},
	{
		"who the client is", "GET / HTTP/1.1\r\nHost: HOST\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n",
		understood{Method: "GET", Target: "/", Headers: map[string][]string{"x-forwarded-for": {"127.0.0.1"}}},
	},
	{
		"pipelined", "GET /1 HTTP/1.1\r\nHost: HOST\r\n\r\nPOST /2 HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: HOST\r\n\r\n",
		understood{Method: "GET", Target: "/1"},
	},
}

// TestUnderstood has Go's and Node's parsers tell what they make of what is
// forwarded: what was meant, and the same.
func TestUnderstood(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"go.test": serveGo(t, seen), "node.test": serveNode(t).addr})
		for _, tt := range wellFormed {
			t.Run(tt.name, func(t *testing.T) {
				byGo, byNode := p.understood(t, tt.in, "go.test"), p.understood(t, tt.in, "node.test")
				if !reflect.DeepEqual(byGo, byNode) {
					t.Errorf("Go understands\n%+v, Node\n%+v", byGo, byNode)
				}
				checkUnderstood(t, byGo, tt.want)
			})
		}
	})
}

// understood sends a request for a host, and returns what its backend makes of
// it, with HOST for its name and without what is the proxy's own.
func (p *proxy) understood(t *testing.T, in, host string) understood {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	enginetest.Must(t, err)
	defer enginetest.CloseAll(t, c)
	enginetest.Must(t, c.SetDeadline(enginetest.Soon()))
	_, err = io.WriteString(c, strings.ReplaceAll(in, "HOST", host))
	enginetest.Must(t, err)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	enginetest.Must(t, err)
	body, err := io.ReadAll(response.Body)
	enginetest.Must(t, err)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", response.Status, body)
	}
	var u understood
	enginetest.Must(t, json.Unmarshal([]byte(strings.ReplaceAll(string(body), host, "HOST")), &u))
	delete(u.Headers, "x-request-id")
	delete(u.Headers, "x-bytes") // Go tells it as it is, Node as Latin-1
	delete(u.Headers, "trailer") // Go takes it out
	return u
}

func checkUnderstood(t *testing.T, got, want understood) {
	t.Helper()
	if got.Method != want.Method || got.Target != want.Target || got.Body != want.Body {
		t.Errorf("got %s %q with %q, want %s %q with %q", got.Method, got.Target, got.Body, want.Method, want.Target, want.Body)
	}
	if _, named := want.Headers["host"]; !named && !reflect.DeepEqual(got.Headers["host"], []string{"HOST"}) {
		t.Errorf("Host is %q", got.Headers["host"])
	}
	for name, values := range want.Headers {
		if !reflect.DeepEqual(got.Headers[name], values) {
			t.Errorf("%s is %q, want %q", name, got.Headers[name], values)
		}
	}
	for name, values := range want.Trailers {
		if !reflect.DeepEqual(got.Trailers[name], values) {
			t.Errorf("trailer %s is %q, want %q", name, got.Trailers[name], values)
		}
	}
}
