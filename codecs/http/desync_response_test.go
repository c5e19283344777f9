package http

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

var asked = Exchange{Minor: 1, KeepAlive: true}

// hostileResponses must never reach a client.
var hostileResponses = []struct {
	name, in string
	want     Reason
}{
	{"both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BothFramings},
	{"both, the other way round", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", BothFramings},
	{"both with 304", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", BothFramings},
	{"CL differs", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", BadLength},
	{"CL twice", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", BadLength},
	{"CL list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", BadLength},
	{"CL negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", BadLength},
	{"CL huge", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", BadLength},
	{"CL and a space", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", BadFieldName},
	{"gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", BadCoding},
	{"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", BadCoding},
	{"xchunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n", BadCoding},
	{"TE twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BadCoding},
	{"TE in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BadCoding},
	{"bare LF ends the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", BadLineEnd},
	{"bare LF ends all", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", BadLineEnd},
	{"bare CR in a value", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n", BadLineEnd},
	{"fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", BadFold},
	{"NUL", "HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n", BadFieldValue},
	{"empty name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", BadFieldName},
	{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", BadFieldName},
	{"status line without version", "200 OK\r\n\r\n", BadStatusLine},
	{"status line without status", "HTTP/1.1 OK\r\nX: y\r\n\r\n", BadStatusLine},
	{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", BadStatusLine},
	{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", BadStatusLine},
	{"status 099", "HTTP/1.1 099 OK\r\n\r\n", BadStatusLine},
	{"status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", BadStatusLine},
	{"status and text", "HTTP/1.1 200OK\r\nX: y\r\n\r\n", BadStatusLine},
	{"two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n", BadStatusLine},
	{"tab behind the status", "HTTP/1.1 200\tOK\r\n\r\n", BadStatusLine},
	{"NUL in the phrase", "HTTP/1.1 200 O\x00K\r\n\r\n", BadStatusLine},
	{"CR in the phrase", "HTTP/1.1 200 O\rK\r\n\r\n", BadStatusLine},
	{"phrase too long", "HTTP/1.1 200 " + strings.Repeat("x", maxPhrase+1) + "\r\n\r\n", BadStatusLine},
	{"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", BadStatusLine},
	{"version 2.0", "HTTP/2.0 200 OK\r\n\r\n", BadStatusLine},
	{"version 1.2", "HTTP/1.2 200 OK\r\n\r\n", BadStatusLine},
	{"ICY", "ICY 200 OK\r\n\r\n", BadStatusLine},
	{"0.9", "<html>hello</html>", BadStatusLine},
	{"head too large", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", HeadTooLarge},
	{"too many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 101) + "\r\n", TooManyFields},
	{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", BadUpgrade},
}

func TestHostileResponses(t *testing.T) {
	p := NewParser(Limits{})
	for _, tt := range hostileResponses {
		t.Run(tt.name, func(t *testing.T) {
			got := passResponse(p, asked, whole(tt.in))
			if got.why != tt.want || got.head != "" {
				t.Errorf("%v, want %v; passed on %q", got.why, tt.want, got.head)
			}
			if len(tt.in) > 1<<10 {
				return
			}
			for chunks := range codectest.Splits([]byte(tt.in)) {
				if got := passResponse(p, asked, chunks); got.why == OK || got.head != "" {
					t.Fatalf("in chunks of %d and more: %v, passed on %q", len(chunks[0]), got.why, got.head)
				}
			}
		})
	}
}

func TestInterimFlood(t *testing.T) {
	p := NewParser(Limits{Interim: 3})
	const one = "HTTP/1.1 102 Processing\r\n\r\n"
	const final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	if got := passResponse(p, asked, whole(strings.Repeat(one, 3)+final)); got.why != OK || !got.complete {
		t.Errorf("3 of 3: %v", got.why)
	}
	if got := passResponse(p, asked, whole(strings.Repeat(one, 4)+final)); got.why != TooManyInterim {
		t.Errorf("4 of 3: %v", got.why)
	}
}

// TestResponseFraming holds where each kind of response ends, what the client
// is told, and whether either connection goes on.
func TestResponseFraming(t *testing.T) {
	head := Exchange{Minor: 1, KeepAlive: true, Head: true}
	old := Exchange{}
	oldKept := Exchange{KeepAlive: true}
	for _, tt := range []struct {
		name, in         string
		ex               Exchange
		consumed         int // of in, 0 for all
		head, body       string
		keeps, reusable  bool
		framing          Framing
		missing, noFinal bool
	}{
		{
			name: "length", in: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ex: asked,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "more than its length", in: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n", ex: asked, consumed: 40,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "less than its length", in: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", ex: asked, missing: true,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", body: "hi",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "length and close", in: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", ex: asked,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, framing: Length,
		}, {
			name: "1.0 backend", in: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", ex: asked,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, framing: Length,
		}, {
			name: "1.0 backend that goes on", in: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi", ex: asked,
			head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "until EOF", in: "HTTP/1.1 200 OK\r\n\r\nhi", ex: asked,
			head: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body: "hi", framing: UntilEOF,
		}, {
			name: "chunked", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", ex: asked,
			head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body: "2\r\nhi\r\n0\r\n\r\n",
			keeps: true, reusable: true, framing: Chunked,
		}, {
			name: "chunked, cut", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", ex: asked, missing: true,
			head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body: "2\r\nhi\r\n0\r\n",
			keeps: true, reusable: true, framing: Chunked,
		}, {
			name: "chunked for 1.0", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n3;a\r\n ho\r\n0\r\nX: y\r\n\r\n", ex: oldKept,
			head: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body: "hi ho",
			reusable: true, framing: Chunked,
		}, {
			name: "length for 1.0", in: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ex: old,
			head: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", body: "hi",
			reusable: true, framing: Length,
		}, {
			name: "length for 1.0 that goes on", in: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ex: oldKept,
			head: "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n", body: "hi",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "HEAD", in: "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\ntrailing garbage", ex: head, consumed: 41,
			head:  "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "HEAD, chunked", in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ex: head, consumed: 47,
			head:  "HTTP/1.1 200 OK\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "HEAD without framing", in: "HTTP/1.1 404 Not Found\r\n\r\n", ex: head,
			head:  "HTTP/1.1 404 Not Found\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "204 with garbage", in: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\ngarbage", ex: asked, consumed: 46,
			head:  "HTTP/1.1 204 No Content\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "204 with a length", in: "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\ngarbage", ex: asked, consumed: 46,
			head:  "HTTP/1.1 204 No Content\r\n\r\n",
			keeps: true,
		}, {
			name: "204, chunked", in: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ex: asked, consumed: 55,
			head:  "HTTP/1.1 204 No Content\r\n\r\n",
			keeps: true,
		}, {
			name: "304", in: "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\ngarbage", ex: asked, consumed: 48,
			head:  "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "304, chunked", in: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ex: asked, consumed: 57,
			head:  "HTTP/1.1 304 Not Modified\r\n\r\n",
			keeps: true,
		}, {
			name: "interim", in: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ex: asked,
			head:  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "interim for 1.0", in: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ex: oldKept,
			head:  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "nothing but interim", in: "HTTP/1.1 100 Continue\r\n\r\n", ex: asked, noFinal: true, missing: true,
			head:  "HTTP/1.1 100 Continue\r\n\r\n",
			keeps: true, reusable: true,
		}, {
			name: "hop by hop", in: "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nX_Hop: 2\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nSet-Cookie: a\r\nset-cookie:b\r\nContent-Length: 0\r\n\r\n", ex: asked,
			head:  "HTTP/1.1 200 OK\r\nX_Hop: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n",
			keeps: true, reusable: true, framing: Length,
		}, {
			name: "upgrade required", in: "HTTP/1.1 426 Upgrade Required\r\nUpgrade: HTTP/3.0\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n", ex: asked,
			head:  "HTTP/1.1 426 Upgrade Required\r\nUpgrade: HTTP/3.0\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
			keeps: true, reusable: true, framing: Length,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := passResponse(NewParser(Limits{}), tt.ex, whole(tt.in))
			want := outcome{
				complete: !tt.missing, consumed: tt.consumed, head: tt.head, body: tt.body,
				keeps: tt.keeps, reusable: tt.reusable, framing: tt.framing, exchange: got.exchange,
			}
			if want.consumed == 0 {
				want.consumed = len(tt.in)
			}
			if tt.noFinal {
				got.complete = false
			}
			if got != want {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestUpgrade switches protocols as a WebSocket does, and as it mustn't.
func TestUpgrade(t *testing.T) {
	p := NewParser(Limits{})
	var r Request
	var scan Scan
	in := []byte("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n\r\n")
	if n, why := p.Request(&r, in, &scan); n != len(in) {
		t.Fatal(why)
	}
	const forwarded = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
	if got := string(r.Append(nil, plainForwarding)); got != forwarded {
		t.Errorf("forwarded %q", got)
	}
	for answer, want := range map[string]Reason{
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n":                            OK,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n":                                  BadUpgrade,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n":                                                  BadUpgrade,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n":                                                   BadUpgrade,
		"HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n":                            BadUpgrade,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n\r\n":      BadUpgrade,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: gzip\r\n\r\n": BadCoding,
	} {
		var response Response
		ex := r.Exchange()
		n, why := p.Response(&response, []byte(answer), &scan, &ex)
		if why != want || (n == len(answer)) != (want == OK) {
			t.Errorf("%q: %v, want %v", answer, why, want)
		}
		if want == OK && (!response.Switched() || response.Reusable() || response.Interim()) {
			t.Errorf("%q isn't taken for a switch", answer)
		}
		if want == OK {
			const passed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
			if got := string(response.Append(nil, &ex, &Reply{})); got != passed {
				t.Errorf("passed on %q", got)
			}
		}
	}
}

// TestNoUpgrade has requests that look like one, which is dropped from them.
func TestNoUpgrade(t *testing.T) {
	for _, in := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: " + strings.Repeat("x", 24) + "\r\n\r\n",
	} {
		got := get(t, in)
		if got.exchange.Upgrade() != nil || strings.Contains(strings.ToLower(got.head), "upgrade") || strings.Contains(got.head, "Settings") {
			t.Errorf("%q: passed on %q, upgrade to %q", in, got.head, got.exchange.Upgrade())
		}
	}
}
