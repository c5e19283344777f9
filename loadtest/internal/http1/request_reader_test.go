package http1

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// readRequests reads all the requests of a connection and describes each: its
// events and what is told of it.
func readRequests(pieces [][]byte) (all []string, err error) {
	var r RequestReader
	for _, b := range pieces {
		for len(b) > 0 {
			n, e, err := r.Feed(b)
			if err != nil {
				return all, err
			}
			b = b[n:]
			switch e {
			case Continue:
				all = append(all, "continue")
			case Complete:
				all = append(all, fmt.Sprintf("%s %s 1.%d tag %x body %d keep %v",
					r.Method(), r.Target(), r.Minor(), r.Tag(), r.Received(), r.KeepAlive()))
			}
		}
	}
	return all, nil
}

type requestCase struct {
	name string
	wire string
	want []string
	err  error
}

func requestCases() []requestCase {
	const get = "GET / HTTP/1.1\r\nHost: h\r\n"
	const post = "POST /p HTTP/1.1\r\nHost: h\r\n"
	plain := "GET / 1.1 tag 0 body 0 keep true"
	one := func(s string) []string { return []string{s} }
	return []requestCase{
		{"plain", get + "\r\n", one(plain), nil},
		{"tag", get + "x-loadtest-tag: 00000000000000FF\r\n\r\n", one("GET / 1.1 tag ff body 0 keep true"), nil},
		{"close", get + "Connection: close\r\n\r\n", one("GET / 1.1 tag 0 body 0 keep false"), nil},
		{"HTTP/1.0", "HEAD * HTTP/1.0\r\n\r\n", one("HEAD * 1.0 tag 0 body 0 keep false"), nil},
		{"HTTP/1.0 that stays", "GET http://h/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", one("GET http://h/ 1.0 tag 0 body 0 keep true"), nil},
		{"length", post + "Content-Length: 5\r\n\r\nhello", one("POST /p 1.1 tag 0 body 5 keep true"), nil},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX: y\r\n\r\n", one("POST /p 1.1 tag 0 body 5 keep true"), nil},
		{"pipelined", get + "X-Loadtest-Tag: 0000000000000001\r\n\r\n" + post + "Content-Length: 2\r\n\r\nab" + get + "\r\n",
			[]string{"GET / 1.1 tag 1 body 0 keep true", "POST /p 1.1 tag 0 body 2 keep true", plain}, nil},
		{"line ends between", "\r\n" + get + "\r\n\r\n\r\n" + get + "\r\n", []string{plain, plain}, nil},
		{"expects", post + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx" + get + "\r\n",
			[]string{"continue", "POST /p 1.1 tag 0 body 1 keep true", plain}, nil},
		{"expects, chunks", post + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			[]string{"continue", "POST /p 1.1 tag 0 body 0 keep true"}, nil},
		{"expects without body", get + "Expect: 100-continue\r\n\r\n", one(plain), nil},
		{"expects in HTTP/1.0", "POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
			one("POST /p 1.0 tag 0 body 1 keep false"), nil},
		{"incomplete", post + "Content-Length: 5\r\n\r\nhell", nil, nil},

		{"one word", "GET\r\n\r\n", nil, BadStart},
		{"two words", "GET /\r\n\r\n", nil, BadStart},
		{"four words", "GET / x HTTP/1.1\r\n\r\n", nil, BadStart},
		{"two spaces", "GET  / HTTP/1.1\r\n\r\n", nil, BadStart},
		{"tab", "GET\t/ HTTP/1.1\r\n\r\n", nil, BadStart},
		{"no method", " / HTTP/1.1\r\n\r\n", nil, BadStart},
		{"bad method", "G@T / HTTP/1.1\r\n\r\n", nil, BadStart},
		{"control in the target", "GET /\x7f HTTP/1.1\r\n\r\n", nil, BadLine},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\n", nil, BadStart},
		{"bare LF", "GET / HTTP/1.1\nHost: h\n\n", nil, BadLine},
		{"no Host", "GET / HTTP/1.1\r\n\r\n", nil, BadHost},
		{"two Hosts", get + "Host: h\r\n\r\n", nil, BadHost},
		{"bad tag", get + "X-Loadtest-Tag: 1\r\n\r\n", nil, BadTag},
		{"folded", get + " x\r\n\r\n", nil, BadField},
		{"length and chunks", post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", nil, BadLength},
		{"other coding", post + "Transfer-Encoding: identity\r\n\r\n", nil, BadCoding},
		{"bad second", get + "\r\n" + "nonsense\r\n", one(plain), BadStart},
		{"long head", get + "X: " + strings.Repeat("x", maxHead), nil, TooLarge},
		{"line ends without end", strings.Repeat("\r\n", maxHead/2+1), nil, TooLarge},
	}
}

func TestRequestsAtEverySplit(t *testing.T) {
	for _, c := range requestCases() {
		t.Run(c.name, func(t *testing.T) {
			check := func(pieces [][]byte) {
				got, err := readRequests(pieces)
				if !slices.Equal(got, c.want) || err != c.err {
					t.Errorf("in %d pieces: %q, %v, want %q, %v", len(pieces), got, err, c.want, c.err)
				}
			}
			if len(c.wire) > maxHead {
				check(pieces([]byte(c.wire), []byte{200}))
				return
			}
			everySplit([]byte(c.wire), check)
		})
	}
}

func TestRequestErrorsStay(t *testing.T) {
	var r RequestReader
	for _, wire := range []string{"nonsense\r\n", "GET / HTTP/1.0\r\n\r\n"} {
		if _, e, err := r.Feed([]byte(wire)); e != More || err != BadStart {
			t.Errorf("%q: %v, %v", wire, e, err)
		}
	}
}

func TestEventNames(t *testing.T) {
	if got := fmt.Sprint(More, Continue, Complete); got != "more continue complete" {
		t.Error(got)
	}
}
