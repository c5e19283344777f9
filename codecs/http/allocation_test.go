package http

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// TestNoAllocation runs one message of each kind over and over.
func TestNoAllocation(t *testing.T) {
	x := newExchangeRun()
	request, response := []byte(browserRequest), []byte(serverResponse)
	absolute := []byte("GET http://[2001:DB8::1]:80/ HTTP/1.1\r\nHost: [2001:db8:0::1]\r\nConnection: x-a\r\nX-A: b\r\nForwarded: for=a\r\nX:y\r\n\r\n")
	stream := []byte("5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nX-Sum:1\r\n\r\n")
	refused := []byte("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
	var body Body
	for name, run := range map[string]func(){
		"request":  func() { x.passRequest(request) },
		"absolute": func() { x.passRequest(absolute) },
		"response": func() { x.passResponse(response) },
		"chunks": func() {
			body.start(plan{framing: Chunked})
			for in := stream; len(in) > 0; {
				_, n := body.Next(in)
				in = in[n:]
			}
		},
		"hostile": func() { x.p.Request(&x.request, refused, &x.scan) },
		"answer": func() {
			a := Refusal(codecs.Failure{Kind: codecs.NotFound, Resource: "a.example"})
			x.out = a.Append(x.out[:0], &x.ex)
		},
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
