package http

import (
	"iter"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// splitsOf yields the ways in which a message may arrive; of a long one, a few.
func splitsOf(in string) iter.Seq[[][]byte] {
	if len(in) < 2<<10 {
		return codectest.Splits([]byte(in))
	}
	return slices.Values([][][]byte{whole(in), codectest.Chop([]byte(in), []byte{0}), codectest.Chop([]byte(in), []byte{7, 1, 201})})
}

var goodRequests = []string{
	"GET / HTTP/1.0\r\n\r\n",
	"\r\nGET /a?b=%zz HTTP/1.1\r\nHost: Example.COM.:80\r\n\r\n",
	"GET http://A.example/x HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: [0:0::1]:8080\r\nAccept: text/html, application/json;q=0.5\r\n\r\n",
	"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
	"GET / HTTP/1.1\r\nHost: a\r\nX:one\r\nX: two\r\nx:\t three \r\nEmpty:\r\nY: \xff\t!\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: x-secret\r\nX-Secret: 1\r\nTE: trailers, gzip\r\n\r\n",
	chunkedHead + "5\r\nhello\r\n0\r\n\r\n",
	chunkedHead + "005;a=b;c=\"d\\\"\"\r\nhello\r\nA\r\n0123456789\r\n1f\r\n0123456789abcdefghijklmnopqrstu\r\n00;x\r\nX-Sum:1\r\nCookie: dropped\r\nX-Forwarded-For: dropped\r\nConnection: y\r\nTE: x\r\nY: 2\r\n\r\n",
}

func TestEverySplitOfGoodRequests(t *testing.T) {
	p := NewParser(Limits{})
	for _, in := range goodRequests {
		want := get(t, in)
		for chunks := range splitsOf(in) {
			if got := passRequest(p, plainForwarding, chunks); got != want {
				t.Fatalf("%q, first chunk of %d bytes:\n got %+v\nwant %+v", in, len(chunks[0]), got, want)
			}
		}
	}
}

var goodResponses = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.0 200\r\n\r\nuntil the end",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
}

func TestEverySplitOfGoodResponses(t *testing.T) {
	p := NewParser(Limits{})
	for _, in := range goodResponses {
		for _, ex := range []Exchange{{}, {Minor: 1, KeepAlive: true}, {Minor: 1, Head: true}} {
			want := passResponse(p, ex, whole(in))
			if want.why != OK || !want.complete {
				t.Fatalf("%q: %+v", in, want)
			}
			for chunks := range splitsOf(in) {
				if got := passResponse(p, ex, chunks); got != want {
					t.Fatalf("%q, first chunk of %d bytes:\n got %+v\nwant %+v", in, len(chunks[0]), got, want)
				}
			}
		}
	}
}

// TestChunksAreWrittenAnew holds the one form in which chunks are passed on.
func TestChunksAreWrittenAnew(t *testing.T) {
	got := get(t, goodRequests[len(goodRequests)-1])
	const want = "5\r\nhello\r\na\r\n0123456789\r\n1f\r\n0123456789abcdefghijklmnopqrstu\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n"
	if got.body != want {
		t.Errorf("\n got %q\nwant %q", got.body, want)
	}
}

// TestCanonicalChunksAreNotCopied wants chunks that are written as we would
// write them to be passed on in one piece, in place.
func TestCanonicalChunksAreNotCopied(t *testing.T) {
	in := []byte("5\r\nhello\r\n1f\r\n0123456789abcdefghijklmnopqrstu\r\n0\r\n\r\nnext")
	var b Body
	b.start(plan{framing: Chunked})
	piece, n := b.Next(in)
	if n != len(in)-len("next") || len(piece) != n || &piece[0] != &in[0] || !b.Done() {
		t.Errorf("%d bytes taken, piece %q, done: %v", n, piece, b.Done())
	}
}
