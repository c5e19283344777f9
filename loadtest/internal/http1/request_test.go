package http1

import (
	"fmt"
	"testing"
)

func TestRequestIsWhatTheReaderReads(t *testing.T) {
	request, err := NewRequest("example.com:80", "/a?b=c", "Accept: */*", "X-Y: z")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []uint64{1<<64 - 1, 0, 0x0123456789abcdef} {
		want := fmt.Sprintf("GET /a?b=c HTTP/1.1\r\nHost: example.com:80\r\nAccept: */*\r\nX-Y: z\r\n"+
			"X-Loadtest-Tag: %016x\r\n\r\n", tag)
		wire := request.Tagged(tag)
		if string(wire) != want {
			t.Errorf("%q, want %q", wire, want)
		}
		var r RequestReader
		if n, e, err := r.Feed(wire); n != len(wire) || e != Complete || err != nil || r.Tag() != tag {
			t.Errorf("read %d, %v, tag %x, %v", n, e, r.Tag(), err)
		}
	}
}

func TestRequestsThatCanNotBe(t *testing.T) {
	for _, c := range [][]string{
		{"h", ""}, {"h", "/a b"}, {"h", "/\r\nX: y"}, {"h\r\nX: y", "/"}, {"h\n", "/"},
		{"h", "/", "X"}, {"h", "/", ""}, {"h", "/", "X : y"}, {"h", "/", "X: y\r\n"}, {"h", "/", "X: \x00"},
	} {
		if _, err := NewRequest(c[0], c[1], c[2:]...); err == nil {
			t.Errorf("%q: no error", c)
		}
	}
}

func TestTags(t *testing.T) {
	for text, want := range map[string]uint64{
		"0000000000000000": 0, "ffffffffffffffff": 1<<64 - 1, "0123456789ABCdef": 0x0123456789abcdef,
	} {
		if got, ok := parseTag([]byte(text)); !ok || got != want {
			t.Errorf("%s: %x, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "1", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg"} {
		if _, ok := parseTag([]byte(text)); ok {
			t.Errorf("%q is a tag", text)
		}
	}
}

func TestTokenBytes(t *testing.T) {
	const others = "!#$%&'*+-.^_`|~" // RFC 9110 section 5.6.2
	for c := range 256 {
		b := byte(c)
		want := '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
		for _, o := range []byte(others) {
			want = want || b == o
		}
		if isTokenByte(b) != want {
			t.Errorf("%q: %v", b, !want)
		}
	}
}
