package http

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// TestDisputed changes what we have understood, one thing at a time: fasthttp
// then disagrees.
func TestDisputed(t *testing.T) {
	p := NewParser(Limits{})
	in := []byte(lines("POST /a HTTP/1.1", "Host: a", "Content-Length: 5"))
	for name, change := range map[string]func(*Request){
		"nothing": func(*Request) {},
		"method":  func(r *Request) { r.method.to-- },
		"target":  func(r *Request) { r.rawTarget.to-- },
		"host":    func(r *Request) { r.host = span{} },
		"version": func(r *Request) { r.minor = 0 },
		"length":  func(r *Request) { r.length++ },
		"framing": func(r *Request) { r.framing = NoBody },
		"chunks":  func(r *Request) { r.framing = Chunked },
	} {
		var r Request
		var scan Scan
		if n, why := p.Request(&r, in, &scan); n == 0 {
			t.Fatal(why)
		}
		change(&r)
		if why := p.opinion.onRequest(&r); (why == OK) != (name == "nothing") {
			t.Errorf("%s: %v", name, why)
		}
	}
}

func TestDisputedResponse(t *testing.T) {
	p := NewParser(Limits{})
	in := []byte(lines("HTTP/1.1 200 OK", "Host: "+strings.Repeat("x", 20<<10), "Content-Length: 5"))
	for name, change := range map[string]func(*Response, *framingFields){
		"nothing": func(*Response, *framingFields) {},
		"status":  func(r *Response, _ *framingFields) { r.status = 204 },
		"version": func(r *Response, _ *framingFields) { r.minor = 0 },
		"length":  func(_ *Response, f *framingFields) { f.length++ },
		"framing": func(_ *Response, f *framingFields) { f.hasLength = false },
		"chunks":  func(_ *Response, f *framingFields) { f.chunked = true },
	} {
		var r Response
		var scan Scan
		ex := asked
		if n, why := p.Response(&r, in, &scan, &ex); n == 0 {
			t.Fatal(why)
		}
		body := framingFields{length: 5, hasLength: true}
		change(&r, &body)
		if why := p.opinion.onResponse(&r, &body); (why == OK) != (name == "nothing") {
			t.Errorf("%s: %v", name, why)
		}
	}
}

// TestWhyHeadsArentMadeByFasthttp keeps the reasons for forwarding checked
// lines: should one of them go away, the comment on opinion is out of date.
func TestWhyHeadsArentMadeByFasthttp(t *testing.T) {
	for _, lost := range []struct{ first, line string }{
		{"GET / HTTP/1.1", "User-Agent: one\r\nUser-Agent: two"},
		{"GET / HTTP/1.1", "Content-Type: one\r\nContent-Type: two"},
		{"GET / HTTP/1.1", "X: y\r\nUser-Agent: one"},
		{"HTTP/1.1 200 OK", "Server: one\r\nServer: two"},
	} {
		in := bufio.NewReader(strings.NewReader(lines(lost.first, lost.line)))
		var out []byte
		if lost.first[0] == 'G' {
			var h fasthttp.RequestHeader
			h.DisableNormalizing()
			if err := h.Read(in); err != nil {
				t.Fatal(err)
			}
			out = h.AppendBytes(nil)
		} else {
			var h fasthttp.ResponseHeader
			h.DisableNormalizing()
			if err := h.Read(in); err != nil {
				t.Fatal(err)
			}
			out = h.AppendBytes(nil)
		}
		if bytes.Contains(out, []byte(lost.line)) {
			t.Errorf("%q is kept: %q", lost.line, out)
		}
	}
}
