package http1

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// exchange is a request and its answer as a proxy might pass it on.
type exchange struct {
	request  *Request
	reader   RequestReader
	response *Response
	length   []byte
	chunks   []byte
}

const speedSize = 1024

func newExchange(t testing.TB) *exchange {
	request, err := NewRequest("example.com", "/", "User-Agent: loadtest")
	if err != nil {
		t.Fatal(err)
	}
	p := stream.NewPattern()
	b := body(p, 1, speedSize)
	const head = "HTTP/1.1 200 OK\r\nServer: loadtest\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
		"Content-Type: application/octet-stream\r\nVia: 1.1 proxy\r\n"
	x := &exchange{request: request, response: NewResponse(p)}
	x.length = append([]byte(head+"Content-Length: 1024\r\n\r\n"), b...)
	x.chunks = append([]byte(head+"Transfer-Encoding: chunked\r\n\r\n400\r\n"), b...)
	x.chunks = append(x.chunks, "\r\n0\r\n\r\n"...)
	return x
}

func (x *exchange) send(t testing.TB) {
	if _, e, err := x.reader.Feed(x.request.Tagged(1)); e != Complete || err != nil {
		t.Fatal(e, err)
	}
}

func (x *exchange) receive(t testing.TB, pieces ...[]byte) {
	x.response.Expect(1, speedSize)
	done := false
	for _, piece := range pieces {
		var err error
		if _, done, err = x.response.Feed(piece); err != nil {
			t.Fatal(err)
		}
	}
	if !done {
		t.Fatal("incomplete")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := newExchange(t)
	for name, call := range map[string]func(){
		"request":    func() { x.send(t) },
		"length":     func() { x.receive(t, x.length) },
		"chunks":     func() { x.receive(t, x.chunks) },
		"split head": func() { x.receive(t, x.length[:50], x.length[50:120], x.length[120:]) },
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	x := newExchange(b)
	b.ReportAllocs()
	for b.Loop() {
		x.send(b)
	}
}

func BenchmarkResponse(b *testing.B) {
	for _, coding := range []string{"length", "chunks", "split"} {
		b.Run(coding, func(b *testing.B) {
			x := newExchange(b)
			pieces := map[string][][]byte{
				"length": {x.length}, "chunks": {x.chunks}, "split": {x.length[:100], x.length[100:]},
			}[coding]
			b.ReportAllocs()
			for b.Loop() {
				x.receive(b, pieces...)
			}
		})
	}
}
