//go:build linux

package backend

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/http1"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// tagged is a request with the extra header lines, under a tag.
func tagged(t testing.TB, tag uint64, extra ...string) []byte {
	t.Helper()
	r, err := http1.NewRequest("backend", "/", extra...)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(r.Tagged(tag))
}

// expectAnswers reads the answers to requests of the tags 1 to n, and nothing
// behind them but the connection's end.
func expectAnswers(conn net.Conn, n, payload int) error {
	all, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	r := http1.NewResponse(stream.NewPattern())
	for tag := range uint64(n) {
		r.Expect(tag+1, payload)
		used, done, err := r.Feed(all)
		if err != nil || !done || r.Status() != 200 {
			return fmt.Errorf("answer %d: status %d, done %v, %w", tag+1, r.Status(), done, err)
		}
		all = all[used:]
	}
	if len(all) > 0 {
		return fmt.Errorf("%q behind the answers", all)
	}
	return nil
}

func requestsUpTo(t testing.TB, n int) (wire []byte) {
	for tag := range uint64(n) {
		wire = append(wire, tagged(t, tag+1)...)
	}
	return wire
}

// TestHTTPWithGo has net/http's client make requests of every kind over one
// connection.
func TestHTTPWithGo(t *testing.T) {
	server, _ := serve(t, Config{Kind: HTTP, Payload: 100})
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, c := range []struct {
		name, method string
		body         io.Reader
		header       http.Header
	}{
		{"GET", "GET", nil, nil},
		{"HEAD", "HEAD", nil, nil},
		{"length", "POST", strings.NewReader("12345"), nil},
		{"chunks", "PUT", io.MultiReader(strings.NewReader("123"), strings.NewReader("45")), nil},
		{"expects", "POST", strings.NewReader("12345"), http.Header{"Expect": {"100-continue"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(c.method, "http://"+server.Addr().String()+"/some/path", c.body)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range c.header {
				request.Header[name] = values
			}
			request.Header.Set(http1.TagName, "00000000000000ff")
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			checkGo(t, response)
		})
	}
	if s := server.Stats(); s.Requests != 5 || s.Accepted != 1 {
		t.Errorf("%+v, want 5 requests on one connection", s)
	}
}

func checkGo(t *testing.T, response *http.Response) {
	t.Helper()
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := 100
	if response.Request.Method == "HEAD" {
		want = 0
	}
	content := http1.Content{Pattern: stream.NewPattern()}
	content.SetTag(0xff)
	if len(got) != want || !content.Check(got, 0) {
		t.Errorf("body %q", got)
	}
	if response.StatusCode != 200 || response.ContentLength != 100 || response.Header.Get("Server") != "loadtest" ||
		response.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%+v", response)
	}
}

func TestHTTPHeads(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nServer: loadtest\r\nContent-Type: application/octet-stream\r\nContent-Length: 4\r\n"
	const refused = "HTTP/1.1 400 Bad Request\r\nServer: loadtest\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	get := string(tagged(t, 0xabcd<<48))
	for _, c := range []struct{ name, wire, want string }{
		{"keeps", get, ok + "\r\nabcd"},
		{"without tag", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ok + "\r\n0000"},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", ok + "\r\n"},
		{"close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", ok + "Connection: close\r\n\r\n0000"},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", ok + "Connection: close\r\n\r\n0000"},
		{"HTTP/1.0 that stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ok + "Connection: keep-alive\r\n\r\n0000"},
		{"nothing behind close", "HEAD / HTTP/1.0\r\n\r\n" + get, ok + "Connection: close\r\n\r\n"},
		{"expects", "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
			"HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n0000"},
		{"malformed", "GET /\r\n\r\n", refused},
		{"malformed second", get + "GET / HTTP/1.1\r\n\r\n", ok + "\r\nabcd" + refused},
		{"incomplete", "GET / HTTP/1.1\r\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _ := serve(t, Config{Kind: HTTP, Payload: 4})
			conn := connect(t, server.Addr())
			send(t, conn, []byte(c.wire))
			if got := readAll(t, conn); string(got) != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestHTTPClosesByItself is about clients that don't end their side.
func TestHTTPClosesByItself(t *testing.T) {
	for name, wire := range map[string]string{
		"close":     "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"HTTP/1.0":  "HEAD / HTTP/1.0\r\n\r\n",
		"malformed": "nonsense\r\n",
		"much more": "nonsense\r\n" + strings.Repeat("x", 4*httpRead),
		"more":      "HEAD / HTTP/1.0\r\n\r\nGET",
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, HTTP)
			if _, err := conn.Write([]byte(wire)); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, conn); !bytes.HasSuffix(got, []byte("Connection: close\r\n\r\n")) {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestHTTPDiscardsNoMoreThanItMust has a client that goes on sending for ever.
func TestHTTPDiscardsNoMoreThanItMust(t *testing.T) {
	conn := dial(t, HTTP)
	if _, err := conn.Write([]byte("nonsense\r\n")); err != nil {
		t.Fatal(err)
	}
	// It ends with a reset; were nothing discarded, it would at once.
	sent, err := io.Copy(conn, zeros{})
	if err == nil || sent < httpDiscard {
		t.Errorf("sent %d, %v", sent, err)
	}
}

// zeros is an endless stream that isn't a file, so that io.Copy reads from it.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestHTTPPipelined(t *testing.T) {
	for _, payload := range []int{1, 17, 1024, 700 << 10} {
		t.Run(fmt.Sprint(payload), func(t *testing.T) {
			server, _ := serve(t, Config{Kind: HTTP, Payload: payload})
			conn := connect(t, server.Addr())
			count := min(5000, 40<<20/payload)
			wire := requestsUpTo(t, count)
			go send(t, conn, wire)
			if err := expectAnswers(conn, count, payload); err != nil {
				t.Error(err)
			}
			if s := server.Stats(); s.Requests != uint64(count) || s.Bytes != uint64(len(wire)) {
				t.Errorf("%+v, want %d requests in %d bytes", s, count, len(wire))
			}
		})
	}
}

// TestHTTPAtEverySplit has the backend read two pipelined requests in two
// pieces.
func TestHTTPAtEverySplit(t *testing.T) {
	wire := append(tagged(t, 1), "POST / HTTP/1.1\r\nHost: h\r\nX-Loadtest-Tag: 0000000000000002\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n"...)
	d := drive(t, Config{Kind: HTTP})
	total, conns := uint64(0), uint64(0)
	for at := range len(wire) {
		conn := d.connect()
		for _, piece := range [][]byte{wire[:at], wire[at:]} {
			total += uint64(len(piece))
			d.write(conn, piece)
			d.until(func() bool { return d.stats.bytes.Load() == total })
		}
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		conns++
		d.until(d.closed(conns))
		if err := expectAnswers(conn, 2, DefaultPayload); err != nil {
			t.Errorf("split at %d: %v", at, err)
		}
	}
}

// accept takes the connection that waits at the listener.
func (d *driven) accept() *httpConn {
	d.t.Helper()
	fd, err := poll.Accept(d.listener)
	if err != nil {
		d.t.Fatal(err)
	}
	d.stats.accepted.Add(1)
	c := newHTTP(d.worker, fd)
	if err := c.start(); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// TestHTTPReadsNothingWhileAnswersWait also checks that what waits is small,
// however large the answers are, and that it is all sent in the end.
func TestHTTPReadsNothingWhileAnswersWait(t *testing.T) {
	const payload, count = 256 << 10, 100
	d := drive(t, Config{Kind: HTTP, Payload: payload})
	conn := d.connect()
	c := d.accept()
	d.write(conn, requestsUpTo(t, count))
	d.until(func() bool { return c.waiting.answers != nil })
	read := d.stats.bytes.Load()
	send(t, conn, tagged(t, count+1))
	for range 10 {
		d.next()
	}
	if got := d.stats.bytes.Load(); got != read || c.phase != serving {
		t.Errorf("%d bytes read while answers waited, %v", got-read, c.phase)
	}
	if room := cap(c.waiting.answers); room > 2*count {
		t.Errorf("%d answers kept for %d requests", room, count)
	}
	received := make(chan error, 1)
	go func() { received <- expectAnswers(conn, count+1, payload) }()
	d.until(d.closed(1))
	if err := <-received; err != nil {
		t.Error(err)
	}
}

// TestHTTPClientGoneWhileAnswersWait has the client reset the connection.
func TestHTTPClientGoneWhileAnswersWait(t *testing.T) {
	d := drive(t, Config{Kind: HTTP, Payload: 64 << 20})
	conn := d.connect()
	c := d.accept()
	d.write(conn, tagged(t, 1))
	d.until(func() bool { return c.waiting.answers != nil })
	d.reset(conn)
	d.until(d.closed(1))
}

func TestHTTPAllocatesNothing(t *testing.T) {
	d := drive(t, Config{Kind: HTTP})
	conn := d.connect()
	request, got := tagged(t, 1), make([]byte, 4096)
	r := http1.NewResponse(stream.NewPattern())
	n := testing.AllocsPerRun(100, func() {
		want := d.stats.requests.Load() + 1
		d.write(conn, request)
		for d.stats.requests.Load() < want {
			d.next()
		}
		r.Expect(1, DefaultPayload)
		for done := false; !done; {
			n, err := conn.Read(got)
			if err == nil {
				_, done, err = r.Feed(got[:n])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per request", n)
	}
}

func TestHTTPPhaseNames(t *testing.T) {
	if got := fmt.Sprint(serving, closing, refusing, discarding); got != "serving closing refusing discarding" {
		t.Error(got)
	}
}
