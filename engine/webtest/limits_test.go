package webtest

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// brief is a deadline that a test waits for.
const brief = 100 * time.Millisecond

// hurried has a proxy wait for no backend.
func hurried(cfg *engine.Config) {
	cfg.HTTP.FirstByte, cfg.HTTP.Stall, cfg.Timeouts.Connect = brief, brief, brief
}

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
		{"half a body", hurried,
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
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := startProxy(t, impl, only(startRecorder(t, fine).Addr().String()), c.change)
				statuses, rest := p.exchange(t, c.in)
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
		backend func(testing.TB) string
		want    []int
	}{
		{"nobody listens", enginetest.ClosedPort, []int{503}},
		{"can't be connected to", enginetest.BlackHole, []int{504}},
		{"says nothing", func(t testing.TB) string { return startSilent(t, "") }, []int{504}},
		{"stops in the head", func(t testing.TB) string { return startSilent(t, "HTTP/1.1 200 OK\r\nContent-") }, []int{504}},
	} {
		t.Run(c.name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				statuses, _ := startProxy(t, impl, only(c.backend(t)), hurried).exchange(t, request)
				if !slices.Equal(statuses, c.want) {
					t.Errorf("answers %v, want %v", statuses, c.want)
				}
			})
		})
	}
}

// TestStalledBody has the backend stop in the middle of a body: the client's
// connection is reset, so that what it got doesn't seem complete. How long the
// backend might have taken to begin doesn't matter any more.
func TestStalledBody(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		silent := startSilent(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123")
		p := startProxy(t, impl, only(silent), func(cfg *engine.Config) { cfg.HTTP.Stall = brief })
		client := p.Dial()
		client.Say(get + "\r\n")
		if got := client.HearReset(); !strings.HasSuffix(got, "\r\n\r\n123") {
			t.Errorf("got %q", got)
		}
		p.AwaitClosed(engine.StallTimeout, 1)
	})
}

// TestFirstByte has the backend say nothing: how long a body may stall doesn't
// matter yet.
func TestFirstByte(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(startSilent(t, "")), func(cfg *engine.Config) { cfg.HTTP.FirstByte = brief })
		client := p.Dial()
		client.Say(get + "\r\n")
		client.Hear("HTTP/1.1 504 ")
	})
}

// TestRefusalsByAccept: errors are told in the form that the client takes.
func TestRefusalsByAccept(t *testing.T) {
	for accept, want := range map[string]string{
		"application/json": `"status":404`,
		"text/html, */*":   "unknown host",
	} {
		enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := startProxy(t, impl, routes{})
			client := p.Dial()
			client.Say("GET / HTTP/1.1\r\nHost: gamma.test\r\nAccept: " + accept + "\r\nConnection: close\r\n\r\n")
			if answer := client.HearEnd(); !strings.HasPrefix(answer, "HTTP/1.1 404 ") || !strings.Contains(answer, want) {
				t.Errorf("to %s: %q", accept, answer)
			}
		})
	}
}

// startSilent answers every connection with text and says nothing more.
func startSilent(t testing.TB, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
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
		enginetest.Must(t, l.Close())
		<-done
	})
	return l.Addr().String()
}
