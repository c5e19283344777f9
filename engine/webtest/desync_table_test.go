package webtest

import "strings"

const (
	post    = "POST / HTTP/1.1\r\nHost: alpha.test\r\n"
	get     = "GET / HTTP/1.1\r\nHost: alpha.test\r\n"
	chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
	good    = "GET /good HTTP/1.1\r\nHost: alpha.test\r\n\r\n"
	// hidden is what an attacker would have the backend take for a request.
	hidden = "GET /hidden HTTP/1.1\r\nHost: alpha.test\r\n\r\n"
)

// attack is something that servers have disagreed on, or might.
type attack struct {
	name, in string
	status   int // of the last answer, behind which the connection is closed
	// goods is how many requests are answered well before, which is all that
	// the backend may see whole.
	goods int
	// begun says that the head of the request was good: a part of it may have
	// gone to the backend.
	begun bool
}

// attacks are sent as they stand. Behind each comes a hidden request.
var attacks = []attack{
	{name: "CL.TE", in: post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", status: 400},
	{name: "TE.CL", in: post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST\r\n0\r\n\r\n", status: 400},
	{name: "CL.TE and close", in: post + "Connection: close\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400},
	{name: "CL.TE with Connection naming CL", in: post + "Connection: content-length\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400},
	{name: "GET with both", in: get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400},

	{name: "TE xchunked", in: post + "Transfer-Encoding: xchunked\r\n\r\n", status: 400},
	{name: "TE chunked, identity", in: post + "Transfer-Encoding: chunked, identity\r\n\r\n", status: 400},
	{name: "TE identity, chunked", in: post + "Transfer-Encoding: identity, chunked\r\n\r\n", status: 400},
	{name: "TE identity", in: post + "Transfer-Encoding: identity\r\n\r\n", status: 400},
	{name: "TE gzip, chunked", in: post + "Transfer-Encoding: gzip, chunked\r\n\r\n", status: 400},
	{name: "TE quoted", in: post + "Transfer-Encoding: 'chunked'\r\n\r\n", status: 400},
	{name: "TE with a parameter", in: post + "Transfer-Encoding: chunked;a=b\r\n\r\n", status: 400},
	{name: "TE empty", in: post + "Transfer-Encoding: \r\n\r\n", status: 400},
	{name: "TE twice", in: post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE twice, one unknown", in: post + "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE behind a vertical tab", in: post + "Transfer-Encoding:\x0bchunked\r\n\r\n", status: 400},
	{name: "TE with NUL", in: post + "Transfer-Encoding: chunked\x00\r\n\r\n", status: 400},
	{name: "TE and a space", in: post + "Transfer-Encoding : chunked\r\n\r\n", status: 400},
	{name: "TE and a tab", in: post + "Transfer-Encoding\t: chunked\r\n\r\n", status: 400},
	{name: "TE behind a space", in: post + " Transfer-Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE folded", in: post + "Transfer-Encoding:\r\n\tchunked\r\n\r\n", status: 400},
	{name: "TE behind a bare CR", in: post + "X: y\rTransfer-Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE behind a bare LF", in: post + "X: y\nTransfer-Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE with an underscore", in: post + "Transfer_Encoding: chunked\r\n\r\n", status: 400},
	{name: "TE in 1.0", in: "POST / HTTP/1.0\r\nHost: alpha.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 400},

	{name: "CL differs", in: post + "Content-Length: 5\r\nContent-Length: 0\r\n\r\n", status: 400},
	{name: "CL twice", in: post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", status: 400},
	{name: "CL list", in: post + "Content-Length: 0, 5\r\n\r\n", status: 400},
	{name: "CL +0", in: post + "Content-Length: +0\r\n\r\n", status: 400},
	{name: "CL -1", in: post + "Content-Length: -1\r\n\r\n", status: 400},
	{name: "CL hexadecimal", in: post + "Content-Length: 0x0\r\n\r\n", status: 400},
	{name: "CL with a space inside", in: post + "Content-Length: 0 0\r\n\r\n", status: 400},
	{name: "CL empty", in: post + "Content-Length:\r\n\r\n", status: 400},
	{name: "CL 2^64", in: post + "Content-Length: 18446744073709551616\r\n\r\n", status: 400},
	{name: "CL and a space", in: post + "Content-Length : 0\r\n\r\n", status: 400},
	{name: "CL with an underscore", in: post + "Content_Length: 5\r\n\r\n", status: 400},

	{name: "bare LF ends the request line", in: "GET / HTTP/1.1\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "bare LF ends all", in: "GET / HTTP/1.1\nHost: alpha.test\n\n", status: 400},
	{name: "bare LF ends the head", in: get + "\n", status: 400},
	{name: "bare CR ends a line", in: get + "X: a\rY: b\r\n\r\n", status: 400},
	{name: "CR CR LF", in: get + "X: a\r\r\n\r\n", status: 400},
	{name: "LF first", in: "\n" + get + "\r\n", status: 400},
	{name: "space first", in: " " + get + "\r\n", status: 400},
	{name: "fold", in: get + "X: a\r\n b\r\n\r\n", status: 400},
	{name: "fold behind the request line", in: "GET / HTTP/1.1\r\n Host: alpha.test\r\n\r\n", status: 400},
	{name: "NUL in a value", in: get + "X: \x00\r\n\r\n", status: 400},
	{name: "NUL in a name", in: get + "X\x00: y\r\n\r\n", status: 400},
	{name: "no name", in: get + ": y\r\n\r\n", status: 400},
	{name: "no colon", in: get + "nonsense\r\n\r\n", status: 400},
	{name: "space in a name", in: get + "X Y: z\r\n\r\n", status: 400},

	{name: "0.9", in: "GET /\r\n\r\n", status: 400},
	{name: "spaces in the request line", in: "GET  /  HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "tabs in the request line", in: "GET\t/\tHTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "a second target", in: "GET / /hidden HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "NUL in the target", in: "GET /\x00 HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "fragment", in: "GET /#/hidden HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "relative target", in: "GET hidden HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "HTTP/1.10", in: "GET / HTTP/1.10\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "HTTP/1.2", in: "GET / HTTP/1.2\r\nHost: alpha.test\r\n\r\n", status: 505},
	{name: "HTTP/2 preface", in: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505},
	{name: "CONNECT", in: "CONNECT alpha.test:80 HTTP/1.1\r\nHost: alpha.test:80\r\n\r\n", status: 405},
	{name: "TRACE", in: "TRACE / HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 405},
	{name: "TLS", in: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status: 400},

	{name: "no Host", in: "GET / HTTP/1.1\r\n\r\n", status: 400},
	{name: "no Host in 1.0", in: "GET / HTTP/1.0\r\n\r\n", status: 400},
	{name: "Host twice", in: get + "Host: beta.test\r\n\r\n", status: 400},
	{name: "Host and a space", in: "GET / HTTP/1.1\r\nHost : alpha.test\r\n\r\n", status: 400},
	{name: "Host is a list", in: "GET / HTTP/1.1\r\nHost: alpha.test, beta.test\r\n\r\n", status: 400},
	{name: "Host with user", in: "GET / HTTP/1.1\r\nHost: beta.test@alpha.test\r\n\r\n", status: 400},
	{name: "Host with a path", in: "GET / HTTP/1.1\r\nHost: alpha.test/hidden\r\n\r\n", status: 400},
	{name: "absolute and another Host", in: "GET http://alpha.test/ HTTP/1.1\r\nHost: beta.test\r\n\r\n", status: 400},
	{name: "absolute and no Host", in: "GET http://alpha.test/ HTTP/1.1\r\n\r\n", status: 400},
	{name: "absolute with user", in: "GET http://beta.test@alpha.test/ HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},
	{name: "another scheme", in: "GET ftp://alpha.test/ HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 400},

	{name: "head too large", in: get + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", status: 431},
	{name: "too many fields", in: get + strings.Repeat("X: y\r\n", 100) + "\r\n", status: 431},
	{name: "target too long", in: "GET /" + strings.Repeat("x", 9<<10) + " HTTP/1.1\r\nHost: alpha.test\r\n\r\n", status: 414},
	{name: "another expectation", in: get + "Expect: 200-ok\r\n\r\n", status: 417},

	{name: "no chunk size", in: chunked + "\r\n", status: 400, begun: true},
	{name: "chunk size overflows", in: chunked + "10000000000000000\r\n", status: 400, begun: true},
	{name: "chunk size -1", in: chunked + "-1\r\n", status: 400, begun: true},
	{name: "chunk size 0x1", in: chunked + "0x1\r\na\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "space behind the chunk size", in: chunked + "1 \r\na\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "LF behind the chunk size", in: chunked + "1\na\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "LF in an extension", in: chunked + "1;\na\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "CRLF in a quoted extension", in: chunked + "1;a=\"\r\n\"\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "extension too long", in: chunked + "1;" + strings.Repeat("a", 20<<10) + "\r\na\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "no CRLF behind the chunk", in: chunked + "1\r\na0\r\n\r\n", status: 400, begun: true},
	{name: "LF behind the chunk", in: chunked + "1\r\na\n0\r\n\r\n", status: 400, begun: true},
	{name: "chunk longer than its size", in: chunked + "1\r\nabc\r\n0\r\n\r\n", status: 400, begun: true},
	{name: "LF ends the chunks", in: chunked + "0\r\n\n", status: 400, begun: true},
	{name: "a request for a trailer", in: chunked + "0\r\n", status: 400, begun: true},
	{name: "CL for a trailer", in: chunked + "0\r\nContent-Length: 5\r\n\r\n", status: 400, begun: true},
	{name: "Host for a trailer", in: chunked + "0\r\nHost: beta.test\r\n\r\n", status: 400, begun: true},
	{name: "trailer folded", in: chunked + "0\r\nX: y\r\n z\r\n\r\n", status: 400, begun: true},

	{name: "behind a good one", in: good + post + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400, goods: 1},
	{name: "a body for a GET that has none", in: good + "x=y\r\n", status: 400, goods: 1},
	{name: "behind three good ones", in: good + good + good + "GET / HTTP/1.1\nHost: alpha.test\r\n\r\n", status: 400, goods: 3},
	{name: "the rest of a body", in: strings.Replace(good, "\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n", 1) + "abcde\x00\r\n\r\n", status: 400, goods: 1},
}

// answers are responses that no client may take for the backend's.
var answers = []struct{ name, text string }{
	{"both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"CL differs", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
	{"CL list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"},
	{"CL negative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"},
	{"CL and a space", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello"},
	{"TE gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
	{"TE twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"TE in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
	{"bare CR", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n"},
	{"fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"},
	{"NUL", "HTTP/1.1 200 OK\r\nX: \x00\r\nContent-Length: 0\r\n\r\n"},
	{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n"},
	{"no version", "200 OK\r\n\r\n"},
	{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
	{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
	{"0.9", "<html>hello</html>\r\n\r\n"},
	{"HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"head too large", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"},
	{"too many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 101) + "\r\n"},
	{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
	{"nothing but interim", "HTTP/1.1 103 Early Hints\r\n\r\n"},
	{"nothing", ""},
}
