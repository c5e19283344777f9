package http

import (
	"bytes"
	"io"
	"net/http/httputil"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// passBody feeds a body in chunks.
func passBody(p plan, chunks [][]byte) (got outcome) {
	var b Body
	b.start(p)
	for _, chunk := range chunks {
		got.feed(&b, bytes.Clone(chunk))
	}
	got.why, got.complete = b.Failed(), b.Done()
	return got
}

// FuzzChunked holds chunked bodies to these properties:
//   - the result doesn't depend on how they arrive;
//   - what is passed on is a fixed point, and holds the data that is passed on
//     to a client who doesn't know chunks;
//   - net/http's reader finds that data in it, and finds no other in the
//     original if it takes that at all.
func FuzzChunked(f *testing.F) {
	for _, tt := range hostileBodies {
		if len(tt.in) < maxFuzzed {
			f.Add([]byte(tt.in), []byte{3})
		}
	}
	for _, in := range []string{
		"5\r\nhello\r\n0\r\n\r\n",
		"005;a=\"b\\\"\";c\r\nhello\r\nA\r\n0123456789\r\n000\r\nX:y\r\nCookie: z\r\nY: \tz \r\n\r\n",
		"0;a\r\n\r\nGET / HTTP/1.1\r\n",
	} {
		f.Add([]byte(in), []byte{1, 5})
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		got := passBody(plan{framing: Chunked}, [][]byte{in})
		data := passBody(plan{framing: Chunked, dechunk: true}, [][]byte{in})
		for _, cut := range [][]byte{{1}, sizes} {
			if cutUp := passBody(plan{framing: Chunked}, codectest.Chop(in, cut)); cutUp != got {
				t.Fatalf("%q cut by %v:\n got %+v\nwant %+v", in, cut, cutUp, got)
			}
			if cutUp := passBody(plan{framing: Chunked, dechunk: true}, codectest.Chop(in, cut)); cutUp != data {
				t.Fatalf("%q cut by %v:\n got %+v\nwant %+v", in, cut, cutUp, data)
			}
		}
		if data.why != got.why || data.complete != got.complete || data.consumed != got.consumed {
			t.Fatalf("%q: chunks %+v, data %+v", in, got, data)
		}
		again := passBody(plan{framing: Chunked}, whole(got.body))
		if again.body != got.body || again.why != OK || got.why == OK && again.complete != got.complete {
			t.Fatalf("%q: passed on %+v, again %+v", in, got, again)
		}
		if got.complete {
			checkChunks(t, got.body, data.body)
			if read, err := readChunks(in[:got.consumed]); err == nil && read != data.body {
				t.Fatalf("%q: net/http reads %q, not %q", in, read, data.body)
			}
		}
	})
}

func checkChunks(t *testing.T, passed, data string) {
	t.Helper()
	if read, err := readChunks([]byte(passed)); err != nil || read != data {
		t.Fatalf("of %q net/http reads %q, %v, not %q", passed, read, err, data)
	}
}

func readChunks(in []byte) (string, error) {
	data, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in)))
	return string(data), err
}
