package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// behind are bytes that follow an answer.
const behind = "HTTP/1.1 2"

// outcome is what came of reading an answer. An error is all there is to
// compare: how much was read before it depends on the pieces.
type outcome struct {
	status   int
	received uint64
	reusable bool
	used     int // bytes of the answer
	err      error
}

// read feeds an answer and, if that doesn't complete it, the end.
func read(r *Response, pieces [][]byte) outcome {
	used, done := 0, false
	for _, piece := range pieces {
		n, complete, err := r.Feed(piece)
		used, done = used+n, complete
		if err != nil {
			return outcome{err: err}
		}
		if done {
			break
		}
	}
	if !done {
		if _, err := r.End(); err != nil {
			return outcome{err: err}
		}
	}
	return outcome{r.Status(), r.Received(), r.Reusable(), used, nil}
}

type responseCase struct {
	name string
	wire string
	want outcome
}

func responseCases() []responseCase {
	const ok = "HTTP/1.1 200 OK\r\n"
	ended := outcome{err: io.ErrUnexpectedEOF}
	good := func(status int, received uint64, reusable bool) outcome {
		return outcome{status: status, received: received, reusable: reusable}
	}
	bad := func(e Error) outcome { return outcome{err: e} }
	cases := []responseCase{
		{"length", ok + "Content-Length: 5\r\n\r\nhello", good(200, 5, true)},
		{"no body", ok + "content-LENGTH:\t0 \r\n\r\n", good(200, 0, true)},
		{"more behind", ok + "Content-Length: 1\r\n\r\nx" + behind, good(200, 1, true)},
		{"other fields", ok + "Server: x\r\nEmpty:\r\nContent-Length: 1\r\nX-Y: a: b\r\n\r\nx", good(200, 1, true)},
		{"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n", good(200, 13, true)},
		{"extension and trailer", ok + "transfer-encoding: Chunked\r\n\r\n1;a=\"b\"\r\nx\r\n000;c\r\nX-Sum: 1\r\n\r\n", good(200, 1, true)},
		{"until the end", ok + "\r\nhello", good(200, 5, false)},
		{"nothing until the end", ok + "\r\n", good(200, 0, false)},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", good(200, 1, false)},
		{"HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", good(200, 1, true)},
		{"close", ok + "Connection: x, Close\r\nContent-Length: 1\r\n\r\nx", good(200, 1, false)},
		{"close in two lines", ok + "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", good(200, 0, false)},
		{"no reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", good(404, 0, true)},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nConnection: close\r\nContent-Length: 9\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx", good(200, 1, true)},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", good(204, 0, true)},
		{"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", good(304, 0, true)},

		{"nothing", "", ended},
		{"half a head", ok + "Content-Length: 5\r\n", ended},
		{"half a body", ok + "Content-Length: 5\r\n\r\nhell", ended},
		{"chunks without end", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", ended},
		{"only interim", "HTTP/1.1 100 Continue\r\n\r\n", ended},

		{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", bad(BadStart)},
		{"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", bad(BadStart)},
		{"another protocol", "SSH-2.0-OpenSSH\r\n", bad(BadStart)},
		{"long status", "HTTP/1.1 2000 OK\r\n\r\n", bad(BadStart)},
		{"no status", "HTTP/1.1 xyz OK\r\n\r\n", bad(BadStart)},
		{"status 99", "HTTP/1.1 099 OK\r\n\r\n", bad(BadStart)},
		{"empty first line", "\r\n" + ok + "\r\n", bad(BadStart)},
		{"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", bad(Switched)},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", bad(BadLine)},
		{"CR within", ok + "X: a\rb\r\n\r\n", bad(BadLine)},
		{"two CR", ok + "X: a\r\r\n\r\n", bad(BadLine)},
		{"DEL", ok + "X: a\x7f\r\n\r\n", bad(BadLine)},
		{"NUL", ok + "X: a\x00b\r\n\r\n", bad(BadLine)},
		{"folded", ok + "X: a\r\n b\r\n\r\n", bad(BadField)},
		{"space before the colon", ok + "Content-Length : 5\r\n\r\nhello", bad(BadField)},
		{"no name", ok + ": x\r\n\r\n", bad(BadField)},
		{"no colon", ok + "Content-Length\r\n\r\n", bad(BadField)},
		{"no length", ok + "Content-Length:\r\n\r\n", bad(BadLength)},
		{"signed length", ok + "Content-Length: +5\r\n\r\nhello", bad(BadLength)},
		{"two lengths", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", bad(BadLength)},
		{"list of lengths", ok + "Content-Length: 5, 5\r\n\r\nhello", bad(BadLength)},
		{"huge length", ok + "Content-Length: 18446744073709551617\r\n\r\nx", bad(BadLength)},
		{"length and chunks", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad(BadLength)},
		{"other coding", ok + "Transfer-Encoding: gzip\r\n\r\n", bad(BadCoding)},
		{"list of codings", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", bad(BadCoding)},
		{"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", bad(BadCoding)},
		{"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad(BadCoding)},
		{"no chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n", bad(BadChunk)},
		{"signed chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", bad(BadChunk)},
		{"prefixed chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", bad(BadChunk)},
		{"huge chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nx", bad(BadChunk)},
		{"chunk longer than its size", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", bad(BadChunk)},
		{"chunk line end as LF", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n", bad(BadChunk)},
		{"bad trailer", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n", bad(BadField)},
	}
	for i, c := range cases {
		if c.want.err == nil {
			cases[i].want.used = len(strings.TrimSuffix(c.wire, behind))
		}
	}
	return cases
}

func TestResponseAtEverySplit(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	for _, c := range responseCases() {
		t.Run(c.name, func(t *testing.T) {
			everySplit([]byte(c.wire), func(pieces [][]byte) {
				r.Reset()
				if got := read(r, pieces); got != c.want {
					t.Fatalf("as %q: %+v, want %+v", pieces, got, c.want)
				}
			})
		})
	}
}

// TestResponseCutShort checks that no beginning of an answer passes for a whole
// one, if it isn't the connection's end that completes it.
func TestResponseCutShort(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	for _, c := range responseCases() {
		if c.want.err != nil || strings.HasSuffix(c.name, "until the end") {
			continue
		}
		for at := range c.want.used {
			r.Reset()
			if n, done, err := r.Feed([]byte(c.wire)[:at]); n != at || done || err != nil {
				t.Errorf("%s, %d bytes: took %d, done %v, %v", c.name, at, n, done, err)
			}
			if done, err := r.End(); done || err != io.ErrUnexpectedEOF {
				t.Errorf("%s ended after %d bytes: done %v, %v", c.name, at, done, err)
			}
		}
	}
}

func TestResponseHeadIsBounded(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	for name, wire := range map[string]string{
		"a line":  "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead),
		"lines":   "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHead/6),
		"interim": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxHead/25+1),
		"trailer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: y\r\n", maxHead/6+1),
		"chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", maxChunkLine),
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []byte{0, 1, 100} {
				r.Reset()
				if got := read(r, pieces([]byte(wire), []byte{size})); got.err != TooLarge {
					t.Errorf("in pieces of %d: %+v", size, got)
				}
			}
			if cap(r.lines.kept) > 2*maxHead {
				t.Errorf("a buffer of %d bytes", cap(r.lines.kept))
			}
		})
	}
	if r.Reset(); cap(r.lines.kept) > maxIdle {
		t.Errorf("%d bytes kept for the next answer", cap(r.lines.kept))
	}
}

// encode makes the answer with a body, as the coding says.
func encode(coding string, status int, body []byte) []byte {
	head := fmt.Sprintf("HTTP/1.1 %d Text\r\n", status)
	switch coding {
	case "length":
		return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	case "chunks":
		wire := []byte(head + "Transfer-Encoding: chunked\r\n\r\n")
		for chunk := range slices.Chunk(body, 7) {
			wire = fmt.Appendf(wire, "%x\r\n%s\r\n", len(chunk), chunk)
		}
		return append(wire, "0\r\n\r\n"...)
	default:
		return append([]byte(head+"\r\n"), body...)
	}
}

func TestExpectedBody(t *testing.T) {
	p := stream.NewPattern()
	const tag, size = 0x123456789abcdef0, 40
	right := body(p, tag, size)
	altered := func(at int) []byte {
		b := bytes.Clone(right)
		b[at] ^= 1
		return b
	}
	r := NewResponse(p)
	for _, c := range []struct {
		name   string
		status int
		body   []byte
		want   error
	}{
		{"right", 200, right, nil},
		{"another tag", 200, body(p, tag+1, size), WrongBody},
		{"first altered", 200, altered(0), WrongBody},
		{"last of the tag altered", 200, altered(TagSize - 1), WrongBody},
		{"first of the sequence altered", 200, altered(TagSize), WrongBody},
		{"last altered", 200, altered(size - 1), WrongBody},
		{"short", 200, right[:size-1], WrongBody},
		{"empty", 200, nil, WrongBody},
		{"long", 200, body(p, tag, size+1), WrongBody},
		{"another status", 503, []byte("no backend"), nil},
	} {
		for _, coding := range []string{"length", "chunks", "end"} {
			everySplit(encode(coding, c.status, c.body), func(pieces [][]byte) {
				r.Expect(tag, size)
				if got := read(r, pieces); got.err != c.want {
					t.Errorf("%s, %s, as %q: %v, want %v", c.name, coding, pieces, got.err, c.want)
				}
			})
		}
	}
}

func TestExpectedBodySmallerThanTheTag(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	r.Expect(0xfedcba9876543210, 4)
	if got := read(r, [][]byte{encode("length", 200, []byte("fedc"))}); got.err != nil {
		t.Error(got.err)
	}
	r.Expect(0, 4)
	if got := read(r, [][]byte{encode("length", 200, []byte("0001"))}); got.err != WrongBody {
		t.Error(got.err)
	}
}

// TestExpectedBodyBeyondOneChunk is about a piece larger than what the sequence
// can be compared with at once.
func TestExpectedBodyBeyondOneChunk(t *testing.T) {
	p := stream.NewPattern()
	const size = 3*stream.ChunkSize + 5
	wire := encode("length", 200, body(p, 7, size))
	r := NewResponse(p)
	for _, flip := range []int{0, 1} {
		wire[len(wire)-1] ^= byte(flip)
		r.Expect(7, size)
		if _, done, err := r.Feed(wire); done != (flip == 0) || (err == nil) != done {
			t.Errorf("altered by %d: done %v, %v", flip, done, err)
		}
	}
}

func TestErrorsStay(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	_, _, first := r.Feed([]byte("nonsense\r\n"))
	_, done, again := r.Feed([]byte("HTTP/1.1 204 \r\n\r\n"))
	if !errors.Is(first, BadStart) || !errors.Is(again, BadStart) || done {
		t.Errorf("%v, then %v, done %v", first, again, done)
	}
	if _, err := r.End(); err != BadStart {
		t.Errorf("at the end: %v", err)
	}
	if r.Reusable() {
		t.Error("reusable")
	}
}

func TestCompleteAnswersTakeNoMore(t *testing.T) {
	r := NewResponse(stream.NewPattern())
	wire := []byte("HTTP/1.1 204 \r\n\r\n")
	for range 2 {
		if _, done, err := r.Feed(wire); !done || err != nil {
			t.Errorf("done %v, %v", done, err)
		}
		if n, _, _ := r.Feed(wire); n != 0 {
			t.Errorf("%d bytes taken behind the end", n)
		}
		if done, err := r.End(); !done || err != nil {
			t.Errorf("ended: done %v, %v", done, err)
		}
		r.Reset()
	}
}

func TestErrorTexts(t *testing.T) {
	texts := map[string]Error{}
	for e := range WrongBody + 2 {
		if other, taken := texts[e.Error()]; taken {
			t.Errorf("%d and %d are both %q", e, other, e.Error())
		}
		texts[e.Error()] = e
	}
}
