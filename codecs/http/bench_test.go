package http

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/valyala/fasthttp"
)

// browserRequest is what a browser sends for a page, 594 bytes.
const browserRequest = "GET /shop/articles/4711?utm_source=newsletter&page=2 HTTP/1.1\r\n" +
	"Host: alpha.example.com\r\n" +
	"Connection: keep-alive\r\n" +
	"sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n" +
	"sec-ch-ua-mobile: ?0\r\n" +
	"Upgrade-Insecure-Requests: 1\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n" +
	"Referer: https://alpha.example.com/shop/\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: de-DE,de;q=0.9,en;q=0.8\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef\r\n\r\n"

// serverResponse is what nginx answers, 313 bytes.
const serverResponse = "HTTP/1.1 200 OK\r\n" +
	"Server: nginx/1.22.1\r\n" +
	"Date: Mon, 03 Nov 2025 10:20:30 GMT\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n" +
	"Content-Length: 1024\r\n" +
	"Last-Modified: Mon, 27 Oct 2025 08:00:00 GMT\r\n" +
	"Connection: keep-alive\r\n" +
	"ETag: \"68ff2680-400\"\r\n" +
	"Cache-Control: public, max-age=300\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"Accept-Ranges: bytes\r\n\r\n"

// exchangeRun is what a loop keeps to pass heads on.
type exchangeRun struct {
	p        *Parser
	scan     Scan
	request  Request
	response Response
	ex       Exchange
	out      []byte
	to       Forwarding
	reply    Reply
}

func newExchangeRun() *exchangeRun {
	return &exchangeRun{
		p:   NewParser(Limits{}),
		ex:  Exchange{Minor: 1, KeepAlive: true},
		out: make([]byte, 0, 4<<10),
		to:  Forwarding{Client: []byte("192.0.2.1"), Via: "proxy"},
	}
}

func (x *exchangeRun) passRequest(in []byte) {
	if n, why := x.p.Request(&x.request, in, &x.scan); n != len(in) {
		panic(why.String())
	}
	x.out = x.request.Append(x.out[:0], &x.to)
}

func (x *exchangeRun) passResponse(in []byte) {
	if n, why := x.p.Response(&x.response, in, &x.scan, &x.ex); n != len(in) {
		panic(why.String())
	}
	x.out = x.response.Append(x.out[:0], &x.ex, &x.reply)
}

func BenchmarkRequest(b *testing.B) {
	x, in := newExchangeRun(), []byte(browserRequest)
	b.Run("parse and rewrite", func(b *testing.B) { repeat(b, in, func() { x.passRequest(in) }) })
	b.Run("parse", func(b *testing.B) {
		repeat(b, in, func() { x.p.Request(&x.request, in, &x.scan) })
	})
	b.Run("rewrite", func(b *testing.B) {
		repeat(b, in, func() { x.out = x.request.Append(x.out[:0], &x.to) })
	})
	b.Run("opinion", func(b *testing.B) {
		repeat(b, in, func() { x.p.opinion.onRequest(&x.request) })
	})
}

func BenchmarkResponse(b *testing.B) {
	x, in := newExchangeRun(), []byte(serverResponse)
	b.Run("parse and rewrite", func(b *testing.B) { repeat(b, in, func() { x.passResponse(in) }) })
	b.Run("parse", func(b *testing.B) {
		repeat(b, in, func() { x.p.Response(&x.response, in, &x.scan, &x.ex) })
	})
}

// BenchmarkFasthttp is what fasthttp takes for whole heads, with its rewriting:
// the alternative to checked lines, were nothing lost by it.
func BenchmarkFasthttp(b *testing.B) {
	source := bytes.NewReader(nil)
	buffered := bufio.NewReaderSize(source, 64<<10)
	var request fasthttp.RequestHeader
	var response fasthttp.ResponseHeader
	request.DisableNormalizing()
	response.DisableNormalizing()
	var out []byte
	reader := func(in []byte) *bufio.Reader {
		source.Reset(in)
		buffered.Reset(source)
		return buffered
	}
	in := []byte(browserRequest)
	b.Run("request read", func(b *testing.B) {
		repeat(b, in, func() { _ = request.Read(reader(in)) })
	})
	b.Run("request read and written", func(b *testing.B) {
		repeat(b, in, func() {
			_ = request.Read(reader(in))
			out = request.AppendBytes(out[:0])
		})
	})
	answer := []byte(serverResponse)
	b.Run("response read", func(b *testing.B) {
		repeat(b, answer, func() { _ = response.Read(reader(answer)) })
	})
}

func BenchmarkBody(b *testing.B) {
	chunk := append(append([]byte("4000\r\n"), make([]byte, 16<<10)...), "\r\n"...)
	var body Body
	b.Run("canonical chunks of 16 KiB", func(b *testing.B) {
		body.start(plan{framing: Chunked})
		repeat(b, chunk, func() { body.Next(chunk) })
	})
	small := bytes.Repeat([]byte("5\r\nhello\r\n"), 1<<10)
	b.Run("canonical chunks of 5 bytes", func(b *testing.B) {
		body.start(plan{framing: Chunked})
		repeat(b, small, func() { body.Next(small) })
	})
	extended := bytes.Repeat([]byte("00005\r\nhello\r\n"), 1<<10)
	b.Run("other chunks of 5 bytes", func(b *testing.B) {
		body.start(plan{framing: Chunked})
		repeat(b, extended, func() {
			for in := extended; len(in) > 0; {
				_, n := body.Next(in)
				in = in[n:]
			}
		})
	})
}

func repeat(b *testing.B, in []byte, run func()) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
