package smtp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// maxFuzzed bounds the inputs, in bytes: feeding them bytewise takes time that
// grows with their square, and the limits have tests of their own.
const maxFuzzed = 2048

// FuzzClient holds what comes before the routing to these properties:
//   - the outcome doesn't depend on the chunks;
//   - there is one reply for each line, but the one that routes, up to QUIT;
//   - what is routed by a hello or a recipient is a name in lower case that the
//     client has sent.
func FuzzClient(f *testing.F) {
	for _, sc := range scripts() {
		f.Add([]byte(clientSide(sc.text)), []byte{7}, uint8(sc.options.RouteBy), uint8(sc.options.TLS))
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte, by, mode uint8) {
		o := Options{RouteBy: RouteBy(by % 4), TLS: TLSMode(mode % 4)}
		if len(in) > maxFuzzed || o.Validate() != nil {
			return
		}
		whole := opening(t, o, in, nil)
		for _, pieces := range [][]byte{{0}, sizes} {
			if s := opening(t, o, in, pieces); !sameOpening(s, whole) {
				t.Fatalf("at once %d, %q, in pieces of %v %d, %q", whole.action, whole.toClient, pieces, s.action, s.toClient)
			}
		}
		checkOpening(t, in, whole)
	})
}

// clientSide is what the client says in a script.
func clientSide(text string) string {
	var said strings.Builder
	for _, line := range strings.Split(text, "\n") {
		if side, text := cutScript(line); side == "C" {
			said.WriteString(text)
		}
	}
	return said.String()
}

// opening plays a client up to the routing. It waits for the handshake, so
// that STARTTLS has nothing glued to it.
func opening(t *testing.T, o Options, in, sizes []byte) *talk {
	s := start(t, o)
	s.sizes = sizes
	s.toClient = nil
	for _, line := range bytes.SplitAfter(in, []byte{'\n'}) {
		s.client(string(line))
		if s.action == codecs.StartTLS {
			s.secured("sni.example")
		}
	}
	return s
}

func sameOpening(a, b *talk) bool {
	return a.action == b.action && a.failure == b.failure && a.resource == b.resource && bytes.Equal(a.toClient, b.toClient)
}

func checkOpening(t *testing.T, in []byte, s *talk) {
	replies := countReplies(t, s.toClient)
	switch s.action {
	case codecs.Route:
		if s.resource != strings.ToLower(s.resource) && !international([]byte(s.resource)) && s.codec.cfg.RouteBy != RouteByAUTH {
			t.Fatalf("resource %q", s.resource)
		}
		named := s.codec.cfg.RouteBy == RouteByEHLO || s.codec.cfg.RouteBy == RouteByRCPT && s.resource != "localhost"
		if named && !bytes.Contains(appendLower(nil, in), []byte(s.resource)) {
			t.Fatalf("resource %q", s.resource)
		}
	case codecs.Close:
		if !bytes.HasSuffix(s.toClient, s.codec.cfg.goodbye) {
			t.Fatalf("the last word is %q", s.toClient)
		}
	case codecs.Fail:
		if replies == 0 {
			t.Fatal("nothing is said about a failure")
		}
	default:
		if lines := bytes.Count(in, []byte{'\n'}); replies != lines {
			t.Fatalf("%d lines, replies %q", lines, s.toClient)
		}
	}
}

// countReplies wants nothing but replies.
func countReplies(t *testing.T, said []byte) int {
	n := 0
	for len(said) > 0 {
		r, ok := parseReply(said)
		if !ok || len(r.text) == 0 {
			t.Fatalf("%q isn't a reply", said)
		}
		said = said[len(r.text):]
		n++
	}
	return n
}

// FuzzEnvelope holds a session routed by a recipient, with a backend that
// takes any line end for one, to these properties:
//   - no recipient of another domain reaches the backend;
//   - it doesn't depend on the chunks what both sides hear;
//   - the client hears one reply for each that it waits for.
func FuzzEnvelope(f *testing.F) {
	for _, sc := range rcptScripts() {
		if _, rest, ok := strings.Cut(sc.text, routedByRcpt); ok {
			f.Add([]byte(clientSide(rest)), []byte{7})
		}
	}
	for _, end := range smuggled {
		f.Add([]byte("DATA\r\nx"+end+"MAIL FROM:<>\r\nRCPT TO:<x@y>\r\n.\r\n"), []byte{3})
	}
	f.Add([]byte("BDAT 3\r\nabcBDAT 20 LAST\r\nRCPT TO:<x@y>\r\n.\r\nxxQUIT\r\n"), []byte{3})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		whole, heard := standing(t, in, nil)
		for _, pieces := range [][]byte{{0}, sizes} {
			s, other := standing(t, in, pieces)
			if s.action == codecs.Fail && whole.action == codecs.Fail && s.failure == whole.failure {
				continue // replies that were on their way may have come or not
			}
			if s.action != whole.action || !bytes.Equal(s.toClient, whole.toClient) || !bytes.Equal(heard, other) {
				t.Fatalf("at once %q, %q, in pieces of %v %q, %q", whole.toClient, heard, pieces, s.toClient, other)
			}
		}
		countReplies(t, whole.toClient)
	})
}

// standing plays a client behind a first recipient, and returns all that the
// backend heard.
func standing(t *testing.T, in, sizes []byte) (s *talk, heard []byte) {
	s = start(t, Options{RouteBy: RouteByRCPT, Capabilities: []string{"CHUNKING"}})
	s.client("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@tenant.example>\r\n")
	s.open(someTarget(codecs.NoTLS))
	for _, reply := range []string{"220 x\r\n", "250-x\r\n250 CHUNKING\r\n", "250 x\r\n", "250 x\r\n"} {
		s.backend(reply)
	}
	s.toClient, s.toBackend = nil, nil
	b := &lenient{t: t}
	for _, piece := range chop(in, sizes) {
		s.client(string(piece))
		for len(s.toBackend) > 0 {
			said := s.toBackend
			s.toBackend = nil
			heard = append(heard, said...)
			reply := b.hear(said)
			if s.ended() {
				break
			}
			s.backend(reply)
		}
	}
	return s, heard
}

// chop cuts in into pieces whose lengths are one more than sizes, over and
// over; without sizes it is one piece.
func chop(in, sizes []byte) [][]byte {
	var pieces [][]byte
	for i := 0; len(in) > 0; i++ {
		n := len(in)
		if len(sizes) > 0 {
			n = min(n, int(sizes[i%len(sizes)])+1)
		}
		pieces, in = append(pieces, in[:n]), in[n:]
	}
	return pieces
}

// smuggled are the ends of a message for some servers, and not for others.
var smuggled = []string{
	"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r", "\r.\r\n", "\r.\n", "\n.\r",
	"\r\n.\r\r\n", "\r\n.\n\r\n", "\n\n.\r\n", "\r\r.\r\r",
}

func looselyEnded(message []byte) bool {
	for _, before := range []string{"\r", "\n"} {
		for _, after := range []string{"\r", "\n"} {
			if bytes.HasSuffix(message, []byte(before+"."+after)) && before+after != "\n\r" {
				return true
			}
		}
	}
	return bytes.HasSuffix(message, []byte("\n.\r")) && !bytes.HasSuffix(message, []byte("\r\n.\r"))
}

// lenient is a backend that takes any line end for one.
type lenient struct {
	t       *testing.T
	pending []byte
	message []byte
	chunk   int
	in      mode
}

// hear returns the replies to what it hears.
func (l *lenient) hear(said []byte) string {
	var replies strings.Builder
	for _, b := range said {
		replies.WriteString(l.take(b))
	}
	return replies.String()
}

func (l *lenient) take(b byte) string {
	switch {
	case l.in == modeChunk:
		if l.chunk--; l.chunk == 0 {
			l.in = modeCommands
		}
		return ""
	case l.in == modeMessage:
		l.message = append(l.message, b)
		if looselyEnded(l.message) || bytes.HasSuffix(l.message, []byte("\r\n.\r\n")) {
			l.in = modeCommands
			return "250 kept\r\n"
		}
		return ""
	}
	l.pending = append(l.pending, b)
	if b != '\n' {
		return ""
	}
	line := bytes.TrimRight(l.pending, crlf)
	l.pending = nil
	return l.obey(line)
}

func (l *lenient) obey(line []byte) string {
	v, args := cutVerb(line)
	switch v {
	case verbRCPT:
		if !bytes.Contains(appendLower(nil, args), []byte("@tenant.example>")) {
			l.t.Fatalf("the backend hears %q", line)
		}
	case verbDATA:
		l.in, l.message = modeMessage, []byte(crlf)
		return "354 go\r\n"
	case verbBDAT:
		size, ok := parseChunk(args)
		if !ok {
			l.t.Fatalf("the backend hears %q", line)
		}
		if l.chunk = int(size); size > 0 {
			l.in = modeChunk
		}
	}
	return "250 fine\r\n"
}

// FuzzMessage compares with a message's end as it is found in the whole.
func FuzzMessage(f *testing.F) {
	for _, end := range smuggled {
		f.Add([]byte("a"+end+"b"), []byte{1, 2})
	}
	f.Add([]byte("..\r\n.\r\nQUIT\r\n"), []byte{0})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		end, ambiguous := wholeEnd(in)
		passed, rest, ended, failed := feed(inMessage(), in, sizes)
		if failed != ambiguous || ended != (end >= 0 && !ambiguous) {
			t.Fatalf("end at %d, ambiguous %v: ended %v, failed %v", end, ambiguous, ended, failed)
		}
		if !bytes.Equal(append(passed, rest...), in) || end >= 0 && len(passed) != end {
			t.Fatalf("%d bytes passed of %q, %d rest", len(passed), in, len(rest))
		}
	})
}

// wholeEnd returns where the message in in ends, or where the dot stands that
// is ambiguous; -1 if there is neither.
func wholeEnd(in []byte) (end int, ambiguous bool) {
	whole := append([]byte(crlf), in...)
	for i := 2; i < len(whole); i++ {
		if whole[i] != '.' {
			continue
		}
		before, after := whole[i-2:i], whole[i+1:]
		switch {
		case before[1] != '\r' && before[1] != '\n':
		case string(before) == crlf && bytes.HasPrefix(after, []byte(crlf)):
			return i + 1, false
		case string(before) == crlf && string(after) == "\r":
		case len(after) > 0 && (after[0] == '\r' || after[0] == '\n'):
			return i - 2, true
		}
	}
	return -1, false
}

// FuzzBackend holds the handover to these properties, whatever the backend
// says: the outcome doesn't depend on the chunks, and nothing but replies gets
// to a client before its session stands.
func FuzzBackend(f *testing.F) {
	for _, policy := range []codecs.TLSPolicy{codecs.PreferTLS, codecs.RequireTLS} {
		f.Add([]byte("220 a\r\n250-b\r\n250 STARTTLS\r\n220 go\r\n"), []byte{4}, uint8(RouteByEHLO), uint8(policy), uint8(NoHeader))
	}
	f.Add([]byte("220 a\r\n250-b\r\n250 XCLIENT ADDR HELO\r\n220 c\r\n250 b\r\n250 d\r\n550 e\r\n"), []byte{4}, uint8(1), uint8(1), uint8(3))
	f.Add([]byte("220 a\r\n250 b\r\n334 c\r\n235 d\r\n"), []byte{4}, uint8(2), uint8(0), uint8(1))
	f.Fuzz(func(t *testing.T, in, sizes []byte, by, tls, header uint8) {
		o := Options{RouteBy: RouteBy(by % 3), ClientHeader: ClientHeader(header % 2)}
		if len(in) > maxFuzzed {
			return
		}
		target := someTarget(codecs.TLSPolicy(tls % 3))
		whole := handed(t, o, target, in, nil)
		countReplies(t, beforeRelay(whole))
		for _, pieces := range [][]byte{{0}, sizes} {
			s := handed(t, o, target, in, pieces)
			if !sameOpening(s, whole) || !bytes.Equal(s.toBackend, whole.toBackend) {
				t.Fatalf("at once %q, %q, in pieces of %v %q, %q", whole.toClient, whole.toBackend, pieces, s.toClient, s.toBackend)
			}
		}
	})
}

// handed plays a backend. It says a reply at a time, as STARTTLS demands.
func handed(t *testing.T, o Options, target codecs.Target, in, sizes []byte) *talk {
	s := start(t, o)
	s.client("EHLO c.example\r\n")
	switch o.RouteBy {
	case RouteByRCPT:
		s.client("MAIL FROM:<>\r\nRCPT TO:<a@tenant.example>\r\n")
	case RouteByAUTH:
		s.client("AUTH PLAIN\r\nAGJvYgBwdw==\r\n")
	}
	s.open(target)
	s.sizes = sizes
	s.toClient = nil
	for _, line := range bytes.SplitAfter(in, []byte{'\n'}) {
		s.backend(string(line))
		if s.action == codecs.StartBackendTLS {
			s.backendSecured()
		}
	}
	return s
}

// beforeRelay is what the client heard, without what a relay brought.
func beforeRelay(s *talk) []byte {
	if s.action == codecs.Relay {
		return nil
	}
	return s.toClient
}

// FuzzPath wants the domain of an address to be what stands behind its last
// "@" outside of quotes and brackets.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{`<@a,@b:"x@\"y"@C.d> SIZE=1`, "<a@[IPv6:::1]>", "<größe@bücher.example>", "<>", "<postmaster>", "<a@b@c>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p, ok := parsePath([]byte("TO:"+in), "TO:")
		if !ok || len(p.domain) == 0 {
			return
		}
		mailbox := string(p.local) + "@" + string(p.domain) + ">"
		if !strings.Contains(in, mailbox) || bytes.ContainsAny(p.domain, "@<> \r\n") {
			t.Fatalf("%q: %q at %q", in, p.local, p.domain)
		}
		if p.local[0] != '"' && bytes.ContainsAny(p.local, "@<> \r\n\"") {
			t.Fatalf("%q: %q at %q", in, p.local, p.domain)
		}
	})
}
