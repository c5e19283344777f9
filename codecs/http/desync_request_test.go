package http

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// hostile are requests that some server somewhere reads differently from
// another. Lines are separated by \r\n, as sent.
var hostile = []struct {
	name, in string
	want     Reason
}{
	// Both framings.
	{"CL.TE", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", BothFramings},
	{"TE.CL", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST", BothFramings},
	{"CL 0 and TE", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", BothFramings},
	{"GET with both", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\ntransfer-encoding: Chunked\r\n\r\n", BothFramings},

	// Transfer-Encoding.
	{"xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", BadCoding},
	{"chunkedx", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked1\r\n\r\n", BadCoding},
	{"chunked, identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", BadCoding},
	{"identity, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n", BadCoding},
	{"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", BadCoding},
	{"gzip, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", BadCoding},
	{"chunked with a parameter", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", BadCoding},
	{"chunked in quotes", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", BadCoding},
	{"chunked and a comma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", BadCoding},
	{"a comma and chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n", BadCoding},
	{"TE empty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", BadCoding},
	{"TE twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BadCoding},
	{"TE twice, second unknown", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n\r\n", BadCoding},
	{"TE twice in one line", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", BadCoding},
	{"TE behind a vertical tab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n", BadFieldValue},
	{"TE before a form feed", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\f\r\n\r\n", BadFieldValue},
	{"TE with NUL", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x00\r\n\r\n", BadFieldValue},
	{"TE with a no-break space", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \xa0chunked\r\n\r\n", BadCoding},
	{"TE and a space", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", BadFieldName},
	{"TE and a tab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n", BadFieldName},
	{"a space and TE", "POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n", BadFold},
	{"TE folded", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", BadFold},
	{"TE folded behind another", "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tTransfer-Encoding: chunked\r\n\r\n", BadFold},
	{"TE with an underscore", "POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n", BadFieldName},
	{"TE behind a bare CR", "POST / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n", BadLineEnd},
	{"TE behind a bare LF", "POST / HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n", BadLineEnd},
	{"TE in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BadCoding},

	// Content-Length.
	{"CL differs", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", BadLength},
	{"CL twice", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", BadLength},
	{"CL list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nhello", BadLength},
	{"CL list that differs", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello", BadLength},
	{"CL +5", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", BadLength},
	{"CL -1", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", BadLength},
	{"CL 0x5", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", BadLength},
	{"CL 5 5", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:  5 5\r\n\r\nhello", BadLength},
	{"CL 5_0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_0\r\n\r\nhello", BadLength},
	{"CL 5.0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nhello", BadLength},
	{"CL 005", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello", BadLength},
	{"CL empty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", BadLength},
	{"CL 2^64", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", BadLength},
	{"CL 2^63", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", BadLength},
	{"CL in wide digits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95\r\n\r\n", BadLength},
	{"CL with an underscore", "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\nhello", BadFieldName},
	{"CL and a space", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", BadFieldName},
	{"CL in quotes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"\r\n\r\nhello", BadLength},

	// Lines.
	{"bare LF ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", BadLineEnd},
	{"bare LF ends all", "GET / HTTP/1.1\nHost: a\n\n", BadLineEnd},
	{"bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\nGET /x HTTP/1.1\r\n\r\n", BadLineEnd},
	{"bare CR ends a line", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", BadLineEnd},
	{"bare CR starts a line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", BadLineEnd},
	{"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", BadLineEnd},
	{"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadLineEnd},
	{"space first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"fold behind the request line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", BadFold},
	{"fold of white space", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", BadFold},

	// Names and values.
	{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", BadFieldValue},
	{"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\x00: a\r\n\r\n", BadFieldName},
	{"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", BadFieldValue},
	{"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", BadFieldName},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", BadFieldName},
	{"space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", BadFieldName},
	{"bracket in a name", "GET / HTTP/1.1\r\nHost: a\r\nX[0]: z\r\n\r\n", BadFieldName},
	{"slash in a name", "GET / HTTP/1.1\r\nHost: a\r\nX/Y: z\r\n\r\n", BadFieldName},
	{"non-ASCII name", "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: z\r\n\r\n", BadFieldName},
	{"Connection isn't tokens", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close;x\r\n\r\n", BadConnection},
	{"Connection is a long list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: " + strings.Repeat("x,", 17) + "\r\n\r\n", BadConnection},
	{"Trailer announces framing", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X, Content-Length\r\n\r\n0\r\n\r\n", BadTrailer},
	{"Trailer isn't tokens", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: a b\r\n\r\n0\r\n\r\n", BadTrailer},
	{"Expect is something else", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", BadExpectation},
	{"Expect is a list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue, x\r\n\r\n", BadExpectation},

	// Request line.
	{"0.9", "GET /\r\n\r\n", BadRequestLine},
	{"two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"version in the target", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", BadRequestLine},
	{"NUL in the target", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"non-ASCII target", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"bad escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"cut escape", "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"relative target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"lower case http", "GET / http/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", BadRequestLine},
	{"HTTP/01.1", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", BadVersion},
	{"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BadVersion},
	{"no token for a method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequestLine},
	{"long method", strings.Repeat("G", 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", MethodUnknown},
	{"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", MethodRefused},
	{"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", MethodRefused},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", BadRequestLine},

	// Host.
	{"no Host", "GET / HTTP/1.1\r\n\r\n", BadHost},
	{"Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", BadHost},
	{"Host twice, the same", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", BadHost},
	{"Host twice in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", BadHost},
	{"Host and a space", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", BadFieldName},
	{"Host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", BadHost},
	{"Host is a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", BadHost},
	{"Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", BadHost},
	{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", BadHost},
	{"Host with two ports", "GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n", BadHost},
	{"Host with a name for a port", "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", BadHost},
	{"Host with port 65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", BadHost},
	{"Host escaped", "GET / HTTP/1.1\r\nHost: %61\r\n\r\n", BadHost},
	{"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", BadHost},
	{"Host with empty label", "GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", BadHost},
	{"Host with two trailing dots", "GET / HTTP/1.1\r\nHost: a..\r\n\r\n", BadHost},
	{"Host is a short IPv4", "GET / HTTP/1.1\r\nHost: 127.1\r\n\r\n", BadHost},
	{"Host is an octal IPv4", "GET / HTTP/1.1\r\nHost: 0177.0.0.1\r\n\r\n", BadHost},
	{"Host is a hexadecimal IPv4", "GET / HTTP/1.1\r\nHost: 0x7f000001\r\n\r\n", BadHost},
	{"Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", BadHost},
	{"Host with text behind the bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", BadHost},
	{"Host with a zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", BadHost},
	{"Host is IPv6 without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", BadHost},
	{"absolute and another Host", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", BadHost},
	{"absolute and another port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", BadHost},
	{"absolute and no Host", "GET http://a/ HTTP/1.1\r\n\r\n", BadHost},
	{"absolute with user", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", BadHost},
	{"absolute without authority", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"absolute of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", BadTarget},
	{"absolute with a backslash", "GET http://a\\@b/ HTTP/1.1\r\nHost: a\r\n\r\n", BadHost},
	{"authority form", "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", BadTarget},

	// Sizes.
	{"head too large", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", HeadTooLarge},
	{"head without an end", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 11<<10), HeadTooLarge},
	{"too many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n", TooManyFields},
	{"target too long", "GET /" + strings.Repeat("x", 8<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", TargetTooLong},
	{"target without an end", "GET /" + strings.Repeat("x", 9<<10), TargetTooLong},
	{"method without an end", strings.Repeat("x", 9<<10), MethodUnknown},
}

func TestHostileRequests(t *testing.T) {
	p := NewParser(Limits{})
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			got := passRequest(p, plainForwarding, whole(tt.in))
			if got.why != tt.want || got.head != "" {
				t.Errorf("%v, want %v; passed on %q", got.why, tt.want, got.head)
			}
			if len(tt.in) > 1<<10 {
				return
			}
			for chunks := range codectest.Splits([]byte(tt.in)) {
				if got := passRequest(p, plainForwarding, chunks); got.why == OK || got.head != "" {
					t.Fatalf("in chunks of %d and more: %v, passed on %q", len(chunks[0]), got.why, got.head)
				}
			}
		})
	}
}

// chunkedHead precedes the bodies below.
const chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

// hostileBodies are chunked bodies that some server reads differently from
// another. passed is what goes out before they fail.
var hostileBodies = []struct {
	name, in, passed string
	want             Reason
}{
	{"no size", "\r\nhello\r\n0\r\n\r\n", "", BadChunk},
	{"size overflows", "10000000000000005\r\nhello\r\n", "", BadChunk},
	{"size of 16 digits", "fffffffffffffff1\r\nhello\r\n", "", BadChunk},
	{"16 zeros", "0000000000000000\r\n\r\n", "", BadChunk},
	{"negative size", "-5\r\nhello\r\n", "", BadChunk},
	{"size with a plus", "+5\r\nhello\r\n", "", BadChunk},
	{"size 0x5", "0x5\r\nhello\r\n", "", BadChunk},
	{"size with an underscore", "1_0\r\nhello\r\n", "", BadChunk},
	{"space before the size", " 5\r\nhello\r\n", "", BadChunk},
	{"space behind the size", "5 \r\nhello\r\n", "", BadChunk},
	{"tab behind the size", "5\t\r\nhello\r\n", "", BadChunk},
	{"LF behind the size", "5\nhello\r\n0\r\n\r\n", "", BadChunk},
	{"CR behind the size", "5\rhello\r\n0\r\n\r\n", "", BadChunk},
	{"CR CR LF behind the size", "5\r\r\nhello\r\n", "", BadChunk},
	{"NUL behind the size", "5\x00\r\nhello\r\n", "", BadChunk},
	{"no CRLF behind the data", "5\r\nhello0\r\n\r\n", "5\r\nhello", BadChunk},
	{"LF behind the data", "5\r\nhello\n0\r\n\r\n", "5\r\nhello", BadChunk},
	{"CR behind the data", "5\r\nhello\r0\r\n\r\n", "5\r\nhello", BadChunk},
	{"data longer than the size", "4\r\nhello\r\n0\r\n\r\n", "4\r\nhell", BadChunk},
	{"data shorter than the size", "6\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r", BadChunk},
	{"extension with LF", "5;a\nhello\r\n", "", BadChunk},
	{"extension with CR", "5;a\rb\r\nhello\r\n", "", BadChunk},
	{"quoted LF", "5;a=\"\n\"\r\nhello\r\n", "", BadChunk},
	{"quoted CRLF", "5;a=\"\r\n\"\r\nhello\r\n", "", BadChunk},
	{"escaped CR", "5;a=\"\\\r\n\"\r\nhello\r\n", "", BadChunk},
	{"open quote", "5;a=\"b\r\nhello\r\n", "", BadChunk},
	{"extension with NUL", "5;a\x00\r\nhello\r\n", "", BadChunk},
	{"extension with a space", "5; a\r\nhello\r\n", "", BadChunk},
	{"space before an extension", "5 ;a\r\nhello\r\n", "", BadChunk},
	{"extension too long", "5;" + strings.Repeat("a", maxExtension+1) + "\r\nhello\r\n", "", BadChunk},
	{"LF ends the trailers", "0\r\n\n", "0\r\n", BadTrailer},
	{"LF ends the last chunk", "0\n\r\n", "", BadChunk},
	{"CR starts the trailers", "0\r\n\rX\n", "0\r\n", BadTrailer},
	{"trailer ends in LF", "0\r\nX: y\n\r\n", "0\r\n", BadTrailer},
	{"trailer without colon", "0\r\nGET / HTTP/1.1\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer folded", "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX: y\r\n", BadTrailer},
	{"trailer with a space", "0\r\nX : y\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer with NUL", "0\r\nX: \x00\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer with CR", "0\r\nX: a\rb\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer Content-Length", "0\r\nContent-Length: 5\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer Transfer-Encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer Host", "0\r\nHost: b\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer Trailer", "0\r\nTrailer: X\r\n\r\n", "0\r\n", BadTrailer},
	{"trailer content_length", "0\r\ncontent_length: 5\r\n\r\n", "0\r\n", BadTrailer},
	{"trailers too large", "0\r\nX: " + strings.Repeat("y", maxTrailer) + "\r\n\r\n", "0\r\n", HeadTooLarge},
	{"too many trailers", "0\r\n" + strings.Repeat("Age: 1\r\n", maxTrailers+1) + "\r\n", "0\r\n", TooManyFields},
}

func TestHostileBodies(t *testing.T) {
	p := NewParser(Limits{})
	for _, tt := range hostileBodies {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range splitsOf(chunkedHead + tt.in) {
				got := passRequest(p, plainForwarding, chunks)
				if got.why != tt.want || got.body != tt.passed || got.complete {
					t.Fatalf("in chunks of %d and more: %v, want %v; passed on %q, want %q",
						len(chunks[0]), got.why, tt.want, got.body, tt.passed)
				}
			}
		})
	}
}

func TestExtensionsAreBounded(t *testing.T) {
	chunk := "1;" + strings.Repeat("a", 200) + "\r\nx\r\n"
	got := passRequest(NewParser(Limits{}), plainForwarding, whole(chunkedHead+strings.Repeat(chunk, 400)))
	if got.why != BadChunk {
		t.Errorf("%d chunks passed, %v", strings.Count(got.body, "x"), got.why)
	}
}

// TestPipelined sends what follows a request: it must be neither read nor
// passed on with it.
func TestPipelined(t *testing.T) {
	const next = "GET /admin HTTP/1.1\r\nHost: b\r\n\r\n"
	for _, first := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\nGET /admin HTTP/1.1\r\nHost: b\r\n\r\n",
		chunkedHead + "0\r\n\r\n",
		chunkedHead + "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		if got := get(t, first+next); got.consumed != len(first) || strings.Count(got.head+got.body, "/admin") != strings.Count(first, "/admin") {
			t.Errorf("of %q %d bytes were consumed, want %d; passed on %q %q", first+next, got.consumed, len(first), got.head, got.body)
		}
	}
}
