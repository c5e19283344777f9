package smtp

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// TestHostileClients sends what ends a session, in pieces of several sizes.
func TestHostileClients(t *testing.T) {
	const ehlo = "EHLO a.example\r\n"
	rcpt := Options{RouteBy: RouteByRCPT}
	for _, tt := range []struct {
		name, in string
		options  Options
		kind     codecs.Kind
		said     string
	}{
		{"bare LF", "NOOP\n", Options{}, codecs.Malformed, "500 5.5.2 " + detailLineEnd},
		{"bare CR", "NOOP\rQUIT\r\n", Options{}, codecs.Malformed, "500 5.5.2 " + detailLineEnd},
		{"CR CR LF", "NOOP\r\r\n", Options{}, codecs.Malformed, "500 5.5.2 " + detailLineEnd},
		{"a long line", "NOOP " + strings.Repeat("x", 510), Options{}, codecs.Malformed, "500 5.5.2 " + detailLine},
		{"a long path", "MAIL " + strings.Repeat("x", 2048), Options{}, codecs.Malformed, "500 5.5.2 " + detailLine},
		{"a long response", ehlo + "AUTH PLAIN " + strings.Repeat("x", 12288), Options{RouteBy: RouteByAUTH}, codecs.Malformed, "500 5.5.2 " + detailLine},
		{"a long second response", ehlo + "AUTH PLAIN\r\n" + strings.Repeat("x", 12288), Options{RouteBy: RouteByAUTH}, codecs.Malformed, "500 5.5.2 " + detailLine},
		{"TLS", "\x16\x03\x01\x02\x00\x01", Options{}, codecs.Unsupported, "502 5.5.1 " + detailImplicitTLS},
		{"HTTP", "GET / HTTP/1.1\r\n", Options{}, codecs.Malformed, "500 5.5.2 " + detailForeign},
		{"HTTP's post", "post / HTTP/1.1\r\n", rcpt, codecs.Malformed, "500 5.5.2 " + detailForeign},
		{"a chunk", ehlo + "BDAT 3 LAST\r\nabc", rcpt, codecs.Malformed, "500 5.5.2 " + detailChunk},
		{"commands without end", strings.Repeat("NOOP\r\n", 5), Options{MaxCommands: 4}, codecs.TooMany, "421 4.7.0 " + detailCommands},
		{"errors without end", strings.Repeat("WHAT\r\n", 4), Options{MaxErrors: 3}, codecs.TooMany, "421 4.7.0 " + detailErrors},
	} {
		for _, sizes := range [][]byte{nil, {0}, {6, 2}} {
			s := start(t, tt.options)
			s.sizes = sizes
			s.client(tt.in)
			if s.action != codecs.Fail || s.failure.Kind != tt.kind || !strings.HasSuffix(string(s.toClient), tt.said+crlf) {
				t.Errorf("%s, %v: action %d, %+v, %q", tt.name, sizes, s.action, s.failure, s.toClient)
			}
		}
	}
}

// TestLongLines are those that are just short enough.
func TestLongLines(t *testing.T) {
	for _, tt := range []struct {
		verb  string
		limit int
		reply string
	}{
		{"NOOP ", maxLine, replyOK},
		{"MAIL ", maxPathLine, replyNoHello},
		{"RCPT ", maxPathLine, replyNoHello},
		{"AUTH ", maxAuthLine, replyNoHello},
	} {
		s := start(t, Options{RouteBy: RouteByRCPT})
		s.toClient = nil
		s.client(tt.verb + strings.Repeat("x", tt.limit-len(tt.verb)-len(crlf)) + crlf)
		if string(s.toClient) != tt.reply {
			t.Errorf("%s: %q", tt.verb, s.toClient)
		}
		s.client(tt.verb + strings.Repeat("x", tt.limit-len(tt.verb)-1))
		if s.action != codecs.Fail {
			t.Errorf("%s: one byte more is taken", tt.verb)
		}
	}
}

// TestGluedToSTARTTLS wants nothing between the command and the handshake, on
// both legs.
func TestGluedToSTARTTLS(t *testing.T) {
	s := start(t, Options{TLS: TLSOffered})
	s.client("EHLO a\r\n")
	s.client("STARTTLS\r\nRSET\r\n")
	if s.action != codecs.Fail || s.failure.Detail != detailAfterTLS || strings.Contains(string(s.toClient), replyStartTLS) {
		t.Errorf("the client's leg: action %d, %+v, %q", s.action, s.failure, s.toClient)
	}
	s = start(t, Options{})
	s.client("EHLO a\r\n")
	s.open(someTarget(codecs.PreferTLS))
	s.backend("220 x\r\n")
	s.backend("250-x\r\n250 STARTTLS\r\n")
	s.backend("220 go\r\n250 injected\r\n")
	if s.action != codecs.Fail || s.failure.Detail != detailGluedTLS {
		t.Errorf("the backend's leg: action %d, %+v", s.action, s.failure)
	}
}

// stood returns a session routed by rcpt that stands.
func stood(t *testing.T) *talk {
	t.Helper()
	s := start(t, Options{RouteBy: RouteByRCPT, Capabilities: []string{"PIPELINING"}})
	s.play(someTarget(codecs.NoTLS), routedByRcpt)
	return s
}

// TestHostileEnvelopes are clients of a session that stands.
func TestHostileEnvelopes(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		kind     codecs.Kind
		detail   string
	}{
		{"bare LF", "NOOP\n", codecs.Malformed, detailLineEnd},
		{"a long line", "NOOP " + strings.Repeat("x", 510), codecs.Malformed, detailLine},
		{"pipelining without end", strings.Repeat("NOOP\r\n", maxAwaited+1), codecs.TooMany, detailPipeline},
		{"errors without end", strings.Repeat("WHAT\r\n", DefaultMaxErrors+1), codecs.TooMany, detailErrors},
	} {
		s := stood(t)
		s.client(tt.in)
		if s.action != codecs.Fail || s.failure.Kind != tt.kind || s.failure.Detail != tt.detail {
			t.Errorf("%s: action %d, %+v", tt.name, s.action, s.failure)
		}
	}
}

// TestEndlessReply is a backend that never comes to an end.
func TestEndlessReply(t *testing.T) {
	s := start(t, Options{})
	s.client("EHLO a\r\n")
	s.open(someTarget(codecs.NoTLS))
	s.backend(strings.Repeat("220-x\r\n", maxPending/7+1))
	if s.action != codecs.Fail || s.failure.Detail != detailReply {
		t.Errorf("action %d, %+v", s.action, s.failure)
	}
}

// TestSilence wants nothing said after a backend's last word, and nothing heard.
func TestSilence(t *testing.T) {
	s := start(t, Options{})
	s.client("EHLO a\r\n")
	s.open(someTarget(codecs.NoTLS))
	s.backend("554 no\r\n")
	if words := s.codec.Refuse(nil, codecs.Failure{}); len(words) > 0 {
		t.Errorf("%q after the last word", words)
	}
	if step := s.codec.Client([]byte("x")); step.Consumed != 1 || step.ToClient != nil {
		t.Errorf("%+v after the last word", step)
	}
}
