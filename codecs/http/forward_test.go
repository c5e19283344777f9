package http

import (
	"strings"
	"testing"
)

// lines makes a head of lines, the first one given first.
func lines(all ...string) string { return strings.Join(all, "\r\n") + "\r\n\r\n" }

func TestForwarding(t *testing.T) {
	client, client6 := []byte("192.0.2.1"), []byte("2001:db8::1")
	for _, tt := range []struct {
		name     string
		in, want string
		to       Forwarding
	}{
		{
			name: "fields keep order, number and bytes",
			in:   lines("GET /a HTTP/1.1", "X-B: 1", "Host: A.example:8080", "x-b:2", "X-B: \t 3\t", "Cookie: a=1; b=2", "User-Agent: u", "User-Agent: v", "Cookie: c", "Y: \xff,,;"),
			to:   Forwarding{Bare: true},
			want: lines("GET /a HTTP/1.1", "Host: A.example:8080", "X-B: 1", "x-b: 2", "X-B: 3", "Cookie: a=1; b=2", "User-Agent: u", "User-Agent: v", "Cookie: c", "Y: \xff,,;"),
		}, {
			name: "hop by hop",
			in: lines("GET / HTTP/1.1", "Host: a", "Connection: close, X-Hop", "X-Hop: 1", "x-hop: 2", "X-Hops: kept", "Keep-Alive: 5", "Proxy-Connection: close",
				"Proxy-Authorization: x", "Proxy: http://evil", "TE: gzip;q=1, trailers", "Trailer: X", "Keep_Alive: 1", "HTTP2-Settings: x"),
			to:   Forwarding{Bare: true},
			want: lines("GET / HTTP/1.1", "Host: a", "X-Hops: kept", "Connection: TE", "TE: trailers"),
		}, {
			name: "named away in vain",
			in: lines("POST / HTTP/1.1", "Host: a", "Connection: Host, Content-Length, X-Forwarded-For, Forwarded, X-Request-Id, Via, Accept", "Content-Length: 5",
				"X-Request-Id: 7", "Via: 1.1 b", "Accept: */*"),
			to: Forwarding{Client: client},
			want: lines("POST / HTTP/1.1", "Host: a", "X-Request-Id: 7", "Via: 1.1 b", "Accept: */*", "X-Forwarded-For: 192.0.2.1",
				"X-Forwarded-Proto: http", "X-Forwarded-Host: a", "Forwarded: for=192.0.2.1;host=a;proto=http", "Content-Length: 5"),
		}, {
			name: "an untrusted client's word",
			in: lines("GET / HTTP/1.1", "Host: [2001:DB8::2]:80", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Port: 1",
				"Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "X_Forwarded_For: 10.0.0.1", "x-forwarded_proto: https", "X-Forwarded: x", "X_Real_Ip: 1"),
			to: Forwarding{Client: client6, TLS: true},
			want: lines("GET / HTTP/1.1", "Host: [2001:DB8::2]:80", "X-Forwarded-For: 2001:db8::1", "X-Forwarded-Proto: https",
				"X-Forwarded-Host: [2001:DB8::2]:80", `Forwarded: for="[2001:db8::1]";host="[2001:DB8::2]:80";proto=https`),
		}, {
			name: "an untrusted client's word, bare",
			in:   lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"),
			to:   Forwarding{Bare: true, Client: client},
			want: lines("GET / HTTP/1.1", "Host: a"),
		}, {
			name: "a trusted proxy's word",
			in: lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: b", "X-Forwarded-Port: 443",
				"Forwarded: for=10.0.0.1", "X-Forwarded-For: 10.0.0.2, 10.0.0.3", "Forwarded:", "Forwarded: for=_x", "X-Real-IP: 10.0.0.1", "X_Forwarded_For: 1"),
			to: Forwarding{Client: client, Trusted: true},
			want: lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-Proto: https", "X-Forwarded-Host: b", "X-Forwarded-Port: 443", "X-Real-IP: 10.0.0.1",
				"X-Forwarded-For: 10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1", "Forwarded: for=10.0.0.1, for=_x, for=192.0.2.1;host=a;proto=http"),
		}, {
			name: "a trusted proxy's word, bare",
			in:   lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"),
			to:   Forwarding{Bare: true, Trusted: true},
			want: lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"),
		}, {
			name: "a client that is unknown",
			in:   lines("GET / HTTP/1.1", "Host: a"),
			to:   Forwarding{},
			want: lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-Proto: http", "X-Forwarded-Host: a", "Forwarded: for=unknown;host=a;proto=http"),
		}, {
			name: "another Host",
			in:   lines("GET / HTTP/1.1", "Host: a:80"),
			to:   Forwarding{Client: client, Host: []byte("backend:8080")},
			want: lines("GET / HTTP/1.1", "Host: backend:8080", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: a:80",
				`Forwarded: for=192.0.2.1;host="a:80";proto=http`),
		}, {
			name: "Via, X-Request-Id and more",
			in:   lines("GET / HTTP/1.0", "Host: a", "X-Request-Id: client", "Via: 1.0 b"),
			to:   Forwarding{Bare: true, Via: "proxy", RequestID: []byte("ours"), Extra: AppendField(nil, "X-Tenant", []byte("7"))},
			want: lines("GET / HTTP/1.1", "Host: a", "Via: 1.0 b", "X-Request-Id: ours", "Via: 1.0 proxy", "X-Tenant: 7"),
		}, {
			name: "1.0 without Host",
			in:   lines("GET / HTTP/1.0", "Connection: keep-alive"),
			to:   Forwarding{Client: client},
			want: lines("GET / HTTP/1.1", "Host: ", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "Forwarded: for=192.0.2.1;proto=http"),
		}, {
			name: "absolute form",
			in:   lines("GET HTTP://A.Example:80/x?y HTTP/1.1", "Host: a.example"),
			to:   Forwarding{Bare: true},
			want: lines("GET /x?y HTTP/1.1", "Host: A.Example:80"),
		}, {
			name: "absolute form without path",
			in:   lines("GET http://a HTTP/1.1", "Host: a"),
			to:   Forwarding{Bare: true},
			want: lines("GET / HTTP/1.1", "Host: a"),
		}, {
			name: "absolute form with nothing but a query",
			in:   lines("GET https://a:443?x=http://b/ HTTP/1.1", "Host: a"),
			to:   Forwarding{Bare: true},
			want: lines("GET /?x=http://b/ HTTP/1.1", "Host: a:443"),
		}, {
			name: "absolute OPTIONS of a whole server",
			in:   lines("OPTIONS http://a HTTP/1.1", "Host: a"),
			to:   Forwarding{Bare: true},
			want: lines("OPTIONS * HTTP/1.1", "Host: a"),
		}, {
			name: "two slashes",
			in:   lines("GET //b/x HTTP/1.1", "Host: a"),
			to:   Forwarding{Bare: true},
			want: lines("GET //b/x HTTP/1.1", "Host: a"),
		}, {
			name: "length of nothing",
			in:   lines("POST / HTTP/1.1", "content-length:\t0", "Host: a", "Expect: 100-continue"),
			to:   Forwarding{Bare: true},
			want: lines("POST / HTTP/1.1", "Host: a", "Content-Length: 0"),
		}, {
			name: "chunked in any case",
			in:   lines("POST / HTTP/1.1", "transfer-encoding: CHUNKED", "Host: a", "Expect: 100-Continue", "Trailer: X"),
			to:   Forwarding{Bare: true},
			want: lines("POST / HTTP/1.1", "Host: a", "Expect: 100-Continue", "Trailer: X", "Transfer-Encoding: chunked"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Request
			var scan Scan
			in := []byte(tt.in)
			n, why := NewParser(Limits{}).Request(&r, in, &scan)
			if n != len(in) {
				t.Fatalf("%d of %d bytes, %v", n, len(in), why)
			}
			if got := string(r.Append(nil, &tt.to)); got != tt.want {
				t.Errorf("\n got %q\nwant %q", got, tt.want)
			}
			moved := append([]byte(nil), in...)
			r.Rebase(moved)
			clear(in)
			if got := string(r.Append(nil, &tt.to)); got != tt.want {
				t.Errorf("moved:\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestRequestProperties holds what a driver asks of a request.
func TestRequestProperties(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Exchange
	}{
		{lines("GET / HTTP/1.1", "Host: a"), Exchange{Minor: 1, KeepAlive: true}},
		{lines("GET / HTTP/1.1", "Host: a", "Connection: Close"), Exchange{Minor: 1}},
		{lines("GET / HTTP/1.1", "Host: a", "Connection: keep-alive", "Connection: x,close"), Exchange{Minor: 1}},
		{lines("GET / HTTP/1.0"), Exchange{}},
		{lines("GET / HTTP/1.0", "Connection: Keep-Alive"), Exchange{KeepAlive: true}},
		{lines("HEAD / HTTP/1.1", "Host: a", "Accept: application/problem+json"), Exchange{Minor: 1, KeepAlive: true, Head: true, JSON: true}},
		{lines("GET / HTTP/1.1", "Host: a", "Expect: 100-continue"), Exchange{Minor: 1, KeepAlive: true}},
		{lines("PUT / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 0"), Exchange{Minor: 1, KeepAlive: true}},
		{lines("PUT / HTTP/1.1", "Host: a", "Expect: 100-continue", "Transfer-Encoding: chunked"), Exchange{Minor: 1, KeepAlive: true, Expects: true}},
		{lines("PUT / HTTP/1.0", "Host: a", "Expect: 100-continue", "Content-Length: 1"), Exchange{}},
	} {
		var r Request
		var scan Scan
		n, why := NewParser(Limits{}).Request(&r, []byte(tt.in), &scan)
		if n != len(tt.in) {
			t.Errorf("%q: %v", tt.in, why)
		}
		if r.Exchange() != tt.want {
			t.Errorf("%q: %+v, want %+v", tt.in, r.Exchange(), tt.want)
		}
	}
}

func TestIdempotent(t *testing.T) {
	for method, want := range map[string]bool{
		"GET": true, "HEAD": true, "OPTIONS": true, "PUT": true, "DELETE": true,
		"POST": false, "PATCH": false, "get": false, "PROPFIND": false,
	} {
		var r Request
		var scan Scan
		if n, why := NewParser(Limits{}).Request(&r, []byte(lines(method+" / HTTP/1.1", "Host: a")), &scan); n == 0 || r.Idempotent() != want {
			t.Errorf("%s: %v, want %v; %v", method, r.Idempotent(), want, why)
		}
	}
}

func TestRequestID(t *testing.T) {
	for in, want := range map[string]string{
		lines("GET / HTTP/1.1", "Host: a"):                                         "",
		lines("GET / HTTP/1.1", "Host: a", "x-request-id: 7"):                      "7",
		lines("GET / HTTP/1.1", "Host: a", "x-request-id: 7", "X-Request-ID: 8"):   "",
		lines("GET / HTTP/1.1", "Host: a", "x_request_id: 7", "X-Request-ID:\t8 "): "8",
	} {
		var r Request
		var scan Scan
		if n, why := NewParser(Limits{}).Request(&r, []byte(in), &scan); n == 0 || string(r.RequestID()) != want {
			t.Errorf("%q: %q, want %q; %v", in, r.RequestID(), want, why)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	p := NewParser(Limits{Body: 10})
	for in, want := range map[string]Reason{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789": OK,
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n":           BodyTooLarge,
		chunkedHead + "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n":                OK,
		chunkedHead + "5\r\nhello\r\n6\r\nworlds\r\n0\r\n\r\n":               BodyTooLarge,
		chunkedHead + "fffffffffffffff\r\n":                                  BodyTooLarge,
	} {
		for chunks := range splitsOf(in) {
			if got := passRequest(p, plainForwarding, chunks); got.why != want || got.complete != (want == OK) {
				t.Fatalf("%q: %v, want %v", in, got.why, want)
			}
		}
	}
}

func TestAppendField(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"X-A", "b", "X-A: b\r\n"},
		{"X-A", " b\t", "X-A: b\r\n"},
		{"X-A", "", "X-A: \r\n"},
		{"X-A", "a\r\nX-B: c", ""},
		{"X-A", "a\x00", ""},
		{"X A", "b", ""},
		{"X-A:", "b", ""},
		{"", "b", ""},
	} {
		if got := string(AppendField(nil, tt.name, []byte(tt.value))); got != tt.want {
			t.Errorf("%q: %q is %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

// TestAccessors reads back what a request and a response say of themselves.
func TestAccessors(t *testing.T) {
	p := NewParser(Limits{Fields: 3})
	if l := p.Limits(); l.Fields != 3 || l.Head != 64<<10 || l.Target != 8<<10 || l.Interim != 16 || l.Body != 0 {
		t.Errorf("limits %+v", l)
	}
	var scan Scan
	var r Request
	in := "PUT http://A.example:80/x?y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 7\r\n\r\n"
	if n, why := p.Request(&r, []byte(in), &scan); n != len(in) {
		t.Fatal(why)
	}
	framing, length := r.Framing()
	if string(r.Method()) != "PUT" || string(r.Path()) != "/x?y" || string(r.Authority()) != "A.example:80" ||
		string(r.Key()) != "a.example" || r.Minor() != 1 || framing != Length || length != 7 {
		t.Errorf("%s %s of %s for %s, 1.%d, %v %d", r.Method(), r.Path(), r.Authority(), r.Key(), r.Minor(), framing, length)
	}
	var a Response
	ex := Exchange{Minor: 1, Head: true}
	if n, why := p.Response(&a, []byte("HTTP/1.1 404 x\r\nContent-Length: 7\r\n\r\n"), &scan, &ex); n == 0 {
		t.Fatal(why)
	}
	if framing, length := a.Framing(); a.Status() != 404 || framing != NoBody || length != 0 {
		t.Errorf("%d, %v %d", a.Status(), framing, length)
	}
	if got := NoBody.String() + Length.String() + Chunked.String() + UntilEOF.String() + Framing(9).String(); got != "nonelengthchunkedeofunknown" {
		t.Errorf("framings %q", got)
	}
}
