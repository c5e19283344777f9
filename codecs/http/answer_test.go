package http

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// readAnswer reads an answer with net/http, all of it.
func readAnswer(t *testing.T, wire []byte, method string) (*http.Response, string) {
	t.Helper()
	rest := bufio.NewReader(bytes.NewReader(wire))
	response, err := http.ReadResponse(rest, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", wire, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%q: %v", wire, err)
	}
	if n := rest.Buffered(); n > 0 {
		t.Fatalf("%q: %d bytes too many", wire, n)
	}
	return response, string(body)
}

func TestRefusals(t *testing.T) {
	statuses := map[codecs.Kind]int{
		codecs.Internal:    500,
		codecs.NotFound:    404,
		codecs.Forbidden:   403,
		codecs.Unavailable: 503,
		codecs.Timeout:     504,
		codecs.TooMany:     503,
		codecs.Malformed:   400,
		codecs.Unsupported: 501,
		codecs.Kind(200):   500,
	}
	for _, kind := range append(codecs.Kinds(), codecs.Kind(200)) {
		a := Refusal(codecs.Failure{Kind: kind})
		response, body := readAnswer(t, a.Append(nil, &Exchange{Minor: 1, KeepAlive: true}), "GET")
		if want := statuses[kind]; response.StatusCode != want || want == 0 {
			t.Errorf("%v: %d, want %d", kind, response.StatusCode, want)
		}
		if body != a.Text+"\n" || a.Text == "" || response.Close {
			t.Errorf("%v: body %q, close: %v", kind, body, response.Close)
		}
		if retry := response.Header.Get("Retry-After"); (retry != "") != (response.StatusCode == 503) {
			t.Errorf("%v: Retry-After %q", kind, retry)
		}
	}
}

// TestRefusalAdvice: what a resolver says beyond the kind gets to the client.
func TestRefusalAdvice(t *testing.T) {
	a := Refusal(codecs.Failure{Kind: codecs.Forbidden, Detail: "This project is paused.", RetryAfter: 30})
	response, body := readAnswer(t, a.Append(nil, &Exchange{Minor: 1, KeepAlive: true}), "GET")
	if response.Header.Get("Retry-After") != "30" || body != a.Text+" (This project is paused.)\n" {
		t.Errorf("Retry-After %q, body %q", response.Header.Get("Retry-After"), body)
	}
}

func TestReasons(t *testing.T) {
	labels := map[string]bool{}
	for _, why := range Reasons() {
		a := why.Answer()
		response, body := readAnswer(t, a.Append(nil, &Exchange{}), "GET")
		if response.StatusCode != why.Status() || response.StatusCode < 400 || statusPhrases[response.StatusCode] == "" {
			t.Errorf("%v: %s", why, response.Status)
		}
		if !response.Close || body != a.Text+"\n" || len(body) < 5 {
			t.Errorf("%v: body %q, close: %v", why, body, response.Close)
		}
		if labels[why.String()] || why.String() == "" {
			t.Errorf("label %q isn't its own", why)
		}
		labels[why.String()] = true
	}
	if unknown := Reason(255); unknown.String() != "unknown" || unknown.Status() != 500 || unknown.Answer().Status != 500 {
		t.Error("an unknown reason is a fault of ours")
	}
}

func TestAnswerForms(t *testing.T) {
	a := Refusal(codecs.Failure{Kind: codecs.NotFound, Detail: "no such route", Resource: "a\"b\r\n<x>"})
	a.Extra = AppendField(nil, "X-Proxy-Resource", []byte("a"))
	plain, body := readAnswer(t, a.Append(nil, &Exchange{Minor: 1}), "GET")
	if body != "unknown host: a'b???x? (no such route)\n" || plain.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("plain: %q", body)
	}
	if !plain.Close || plain.Header.Get("X-Proxy-Resource") != "a" {
		t.Errorf("plain: %v", plain.Header)
	}
	kept := a.Append(nil, &Exchange{KeepAlive: true, JSON: true})
	response, body := readAnswer(t, kept, "GET")
	var said map[string]any
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	want := map[string]any{"status": 404.0, "error": "not_found", "message": "unknown host", "detail": "no such route", "resource": "a'b???x?"}
	for name, value := range want {
		if said[name] != value {
			t.Errorf("%s: %v, want %v", name, said[name], value)
		}
	}
	if !strings.Contains(string(kept), "Connection: keep-alive\r\n") || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("JSON: %q", kept)
	}
	head, body := readAnswer(t, a.Append(nil, &Exchange{Minor: 1, Head: true}), "HEAD")
	if head.ContentLength != plain.ContentLength || body != "" {
		t.Errorf("HEAD: length %d, want %d; body %q", head.ContentLength, plain.ContentLength, body)
	}
	allowed, _ := readAnswer(t, appendAnswer(MethodRefused.Answer()), "TRACE")
	if !strings.Contains(allowed.Header.Get("Allow"), "GET") {
		t.Errorf("Allow: %v", allowed.Header)
	}
	empty, _ := readAnswer(t, appendAnswer(Answer{Status: 204, Text: "nothing"}), "GET")
	if empty.StatusCode != 204 {
		t.Errorf("204: %s", empty.Status)
	}
	long := Answer{Status: 200, Text: strings.Repeat("x", 2000)}
	if response, body := readAnswer(t, appendAnswer(long), "GET"); len(body) != 2001 || response.ContentLength != 2001 {
		t.Errorf("a long text: %d bytes, length %d", len(body), response.ContentLength)
	}
}

func appendAnswer(a Answer) []byte { return a.Append(nil, &Exchange{Minor: 1, KeepAlive: true}) }
