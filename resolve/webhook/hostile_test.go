package webhook

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// raw is a service that reads a question's head and then does what it likes with
// the connection.
func raw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_ = r.Body.Close()
				answer(c)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// untilClosed waits for the other side to hang up.
func untilClosed(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }

func write(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = c.Write([]byte(text)) }
}

func TestHostileServices(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	tests := []struct {
		name   string
		answer func(net.Conn)
		want   resolve.Kind
	}{
		{"hangs", untilClosed, resolve.Timeout},
		{"hangs within the head", func(c net.Conn) { write(head + "X")(c); untilClosed(c) }, resolve.Timeout},
		{"hangs within the body", func(c net.Conn) { write(head + "Content-Length: 10\r\n\r\n{")(c); untilClosed(c) }, resolve.Timeout},
		{"trickles without end", trickle, resolve.Timeout},
		{"hangs up", func(net.Conn) {}, resolve.Unavailable},
		{"hangs up within the body", write(head + "Content-Length: 10\r\n\r\n{"), resolve.Unavailable},
		{"speaks something else", write("220 mail.example ESMTP\r\n"), resolve.Unavailable},
		{"has a head without end", func(c net.Conn) { write(head + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n")(c) }, resolve.Unavailable},
		{"has a huge body", write(head + "\r\n{\"endpoint\": \"" + strings.Repeat("x", maxBody) + "\"}"), resolve.Internal},
		{"announces a huge body", write(head + "Content-Length: 99999999999\r\n\r\n" + strings.Repeat(" ", 2*maxBody)), resolve.Internal},
		{"redirects", write("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"), resolve.Internal},
		{"has no JSON", write(head + "Content-Length: 5\r\n\r\nhello"), resolve.Internal},
		{"has nothing", write(head + "Content-Length: 0\r\n\r\n"), resolve.Internal},
		{"has bombs", write(head + "Content-Length: 20000\r\n\r\n" + strings.Repeat("[", 20_000)), resolve.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timeout := time.Hour
			if tt.want == resolve.Timeout {
				timeout = 50 * time.Millisecond
			}
			r, err := New(raw(t, tt.answer), Options{Timeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = r.Resolve(t.Context(), orders)
			wantKind(t, err, tt.want)
		})
	}
}

// trickle writes spaces, which never make an answer, for as long as anybody takes
// them.
func trickle(c net.Conn) {
	write("HTTP/1.1 200 OK\r\n\r\n")(c)
	closed := make(chan struct{})
	go func() {
		untilClosed(c)
		close(closed)
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-closed:
			return
		case <-tick.C:
			write(" ")(c)
		}
	}
}

// TestNobodyWaits: when nobody wants to know any more, the question ends.
func TestNobodyWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := New(raw(t, func(c net.Conn) { cancel(); untilClosed(c) }), Options{Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Resolve(ctx, orders); err == nil {
		t.Error("no error")
	}
	if _, err := r.Resolve(ctx, orders); err == nil {
		t.Error("no error for one that nobody waits for")
	}
}
