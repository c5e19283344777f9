package http

import "testing"

func TestStatic(t *testing.T) {
	page := Static{Status: 200, Type: "text/plain", Body: []byte("hello")}
	for _, tt := range []struct {
		name   string
		static Static
		ex     Exchange
		want   string
	}{
		{"GET", page, Exchange{Minor: 1, KeepAlive: true},
			lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5") + "hello"},
		{"HEAD", page, Exchange{Minor: 1, KeepAlive: true, Head: true},
			lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5")},
		{"the last one", page, Exchange{Minor: 1},
			lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5", "Connection: close") + "hello"},
		{"1.0, kept", page, Exchange{KeepAlive: true},
			lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5", "Connection: keep-alive") + "hello"},
		{"empty, without a type", Static{Status: 503}, Exchange{Minor: 1, KeepAlive: true},
			lines("HTTP/1.1 503 Service Unavailable", "Content-Length: 0")},
		{"204", Static{Status: 204, Type: "text/plain", Body: []byte("hello")}, Exchange{Minor: 1, KeepAlive: true},
			"HTTP/1.1 204 \r\n\r\n"},
		{"304", Static{Status: 304, Body: []byte("hello")}, Exchange{Minor: 1, KeepAlive: true},
			"HTTP/1.1 304 \r\n\r\n"},
	} {
		if got := string(tt.static.Append(nil, &tt.ex)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAssumeOK has the status forwarded as 200 where nothing depends on it.
func TestAssumeOK(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{lines("HTTP/1.1 404 Not Found", "X: 1", "Content-Length: 3"), lines("HTTP/1.1 200 OK", "X: 1", "Content-Length: 3")},
		{lines("HTTP/1.1 500 Oh", "Transfer-Encoding: chunked"), lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")},
		{lines("HTTP/1.1 200 Fine", "Content-Length: 0"), lines("HTTP/1.1 200 OK", "Content-Length: 0")},
		{lines("HTTP/1.1 204 Gone"), lines("HTTP/1.1 204 Gone")},
		{lines("HTTP/1.1 304 Same", "Content-Length: 3"), lines("HTTP/1.1 304 Same", "Content-Length: 3")},
		{lines("HTTP/1.1 103 Hints", "Link: x"), lines("HTTP/1.1 103 Hints", "Link: x")},
	} {
		var r Response
		ex := Exchange{Minor: 1, KeepAlive: true}
		if n, why := NewParser(Limits{}).Response(&r, []byte(tt.in), &Scan{}, &ex); n != len(tt.in) || why != OK {
			t.Fatalf("%q: %d bytes, %v", tt.in, n, why)
		}
		if got := string(r.Append(nil, &ex, &Reply{AssumeOK: true})); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}
