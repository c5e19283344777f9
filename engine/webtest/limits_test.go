package webtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
)

// brief is a deadline that a test waits for.
const brief = 100 * time.Millisecond

// TestLimits exceeds one limit after the other. Unless it is served the client
// is told, and its connection closed.
func TestLimits(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: alpha.test\r\n"
	for _, c := range []struct {
		name   string
		change func(*engine.Config)
		in     string
		want   []int
	}{
		{"half a head", func(c *engine.Config) { c.HTTP.HeadTimeout = brief }, get, []int{408}},
		{"not a byte", func(c *engine.Config) { c.HTTP.HeadTimeout = brief }, "", nil},
		{"no further request", func(c *engine.Config) { c.HTTP.KeepAlive = brief }, get + "\r\n", []int{200}},
		{"half a further head", func(c *engine.Config) { c.HTTP.HeadTimeout = brief }, get + "\r\n" + get, []int{200, 408}},
		{"half a body", func(c *engine.Config) { c.HTTP.FirstByte, c.HTTP.Stall = brief, brief },
			"POST / HTTP/1.1\r\nHost: alpha.test\r\nContent-Length: 10\r\n\r\n12345", []int{408}},
		{"requests per connection", func(c *engine.Config) { c.HTTP.RequestsPerConnection = 2 },
			get + "\r\n" + get + "\r\n" + get + "\r\n", []int{200, 200}},
		{"a long body", func(c *engine.Config) { c.HTTP.Limits.Body = 4 },
			"POST / HTTP/1.1\r\nHost: alpha.test\r\nContent-Length: 5\r\n\r\n12345", []int{413}},
		{"a long body in chunks", func(c *engine.Config) { c.HTTP.Limits.Body = 4 },
			"POST / HTTP/1.1\r\nHost: alpha.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", []int{413}},
		{"a long target", func(c *engine.Config) { c.HTTP.Limits.Target = 10 },
			"GET /" + strings.Repeat("a", 100) + " HTTP/1.1\r\nHost: alpha.test\r\n\r\n", []int{414}},
		{"a long head", func(c *engine.Config) { c.HTTP.Limits.Head = 200 },
			get + "A: " + strings.Repeat("a", 300) + "\r\n\r\n", []int{431}},
		{"many fields", func(c *engine.Config) { c.HTTP.Limits.Fields = 3 }, get + strings.Repeat("A: b\r\n", 3) + "\r\n", []int{431}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				cfg := config(impl, only(startRecorder(t, fine).Addr().String()))
				c.change(&cfg)
				statuses, rest := startConfigured(t, cfg).exchange(t, c.in)
				if !slices.Equal(statuses, c.want) || len(rest) > 0 {
					t.Errorf("answers %v and %q, want %v", statuses, rest, c.want)
				}
			})
		})
	}
}

// TestBackendsThatFail has the backend not be there, not answer, and stop in the
// middle of a head.
func TestBackendsThatFail(t *testing.T) {
	request := "GET / HTTP/1.1\r\nHost: alpha.test\r\nConnection: close\r\n\r\n"
	for _, c := range []struct {
		name    string
		backend func(*testing.T) string
		want    []int
	}{
		{"nobody listens", closedPort, []int{503}},
		{"says nothing", func(t *testing.T) string { return startSilent(t, "") }, []int{504}},
		{"stops in the head", func(t *testing.T) string { return startSilent(t, "HTTP/1.1 200 OK\r\nContent-") }, []int{504}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				cfg := config(impl, only(c.backend(t)))
				cfg.HTTP.FirstByte, cfg.HTTP.Stall = brief, brief
				statuses, _ := startConfigured(t, cfg).exchange(t, request)
				if !slices.Equal(statuses, c.want) {
					t.Errorf("answers %v, want %v", statuses, c.want)
				}
			})
		})
	}
}

// TestStalledBody has the backend stop in the middle of a body: the client's
// connection is reset, so that what it got doesn't seem complete.
func TestStalledBody(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		cfg := config(impl, only(startSilent(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123")))
		cfg.HTTP.FirstByte, cfg.HTTP.Stall = brief, brief
		p := startConfigured(t, cfg)
		conn, err := net.Dial("tcp", p.address())
		must(t, err)
		defer closeAll(t, conn)
		must(t, conn.SetDeadline(soon()))
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: alpha.test\r\n\r\n")
		must(t, err)
		if answer, err := io.ReadAll(conn); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q and %v, want a reset", answer, err)
		}
	})
}

// TestRefusalsByAccept: errors are told in the form that the client takes.
func TestRefusalsByAccept(t *testing.T) {
	for accept, want := range map[string]string{
		"application/json": `"status":404`,
		"text/html, */*":   "unknown host",
	} {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := startProxy(t, impl, routes{})
			conn, err := net.Dial("tcp", p.address())
			must(t, err)
			defer conn.Close()
			must(t, conn.SetDeadline(soon()))
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: gamma.test\r\nAccept: %s\r\nConnection: close\r\n\r\n", accept)
			answer, err := io.ReadAll(conn)
			must(t, err)
			if !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") || !strings.Contains(string(answer), want) {
				t.Errorf("to %s: %q", accept, answer)
			}
		})
	}
}

// closedPort is an address nobody listens at.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

// startSilent answers every connection with text and says nothing more.
func startSilent(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_, _ = io.Copy(io.Discard, c) // until the proxy gives up
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		must(t, l.Close())
		<-done
	})
	return l.Addr().String()
}
