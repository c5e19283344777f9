package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	codec "github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine"
)

// TestHTTPDefaults holds the defaults of the original proxy.
func TestHTTPDefaults(t *testing.T) {
	s, _ := parsed(t, nil)
	var f findings
	h := s.config(nil, slog.New(slog.DiscardHandler), &f).HTTP
	if h.Bare || h.AssumeOK || h.Direct != nil || !h.Telemetry || h.BackendHost || h.RequestsPerConnection != 0 {
		t.Errorf("got %+v", h)
	}
	if h.PoolSize != 2048 || h.KeepAlive != 60*time.Second || h.FirstByte != 30*time.Second {
		t.Errorf("got %+v", h)
	}
	if h.Limits != codec.DefaultLimits() {
		t.Errorf("got limits %+v", h.Limits)
	}
}

// TestHTTPOriginalVariables sets what the original proxy has, its way.
func TestHTTPOriginalVariables(t *testing.T) {
	s, f := parsed(t, []string{
		"HTTP_WORKERS=3", "HTTP_SERVER_MODE=base", "HTTP_SERVER_IMPL=coroutine", "HTTP_FAST_PATH=true", "HTTP_FAST_ASSUME_OK=1",
		"HTTP_FIXED_BACKEND=10.0.0.1:80", "HTTP_DIRECT_RESPONSE=ok", "HTTP_DIRECT_STATUS=201", "HTTP_RAW_BACKEND=true",
		"HTTP_BACKEND_POOL_SIZE=7", "HTTP_KEEPALIVE_TIMEOUT=75", "HTTP_OPEN_HTTP2=false", "HTTP_SKIP_VALIDATION=true",
		"HTTP_BACKEND_ENDPOINT=web:80", "PROXY_HTTP=8080",
	})
	cfg := s.config(nil, slog.New(slog.DiscardHandler), &f)
	if len(f.errs)+len(f.warnings) > 0 {
		t.Errorf("got %v, %q", f.errs, f.warnings)
	}
	h := cfg.HTTP
	if cfg.EventLoops != 3 || cfg.Impl != engine.Goroutine || !h.Bare || !h.AssumeOK || h.PoolSize != 7 || h.KeepAlive != 75*time.Second {
		t.Errorf("got %+v", cfg)
	}
	if d := h.Direct; d == nil || d.Status != 201 || string(d.Body) != "ok" {
		t.Errorf("direct response: %+v", d)
	}
}

func TestDirectResponse(t *testing.T) {
	tests := []struct {
		direct directResponse
		status int
	}{
		{directResponse{}, 0},
		{directResponse{body: "x"}, 200},
		{directResponse{body: "x", status: 404}, 404},
		{directResponse{status: 503}, 503},
	}
	for _, tt := range tests {
		got := tt.direct.static()
		if (got == nil) != (tt.status == 0) || got != nil && (got.Status != tt.status || string(got.Body) != tt.direct.body) {
			t.Errorf("%+v: got %+v", tt.direct, got)
		}
	}
}

func TestKeepAliveOff(t *testing.T) {
	s, _ := parsed(t, nil, "--http-keepalive=off", "--http-max-requests", "100")
	if n := s.engine.HTTP.RequestsPerConnection; n != 1 {
		t.Errorf("%d requests per connection, want 1", n)
	}
}

// TestTwoVariablesOfOneSetting: one engine drives all listeners.
func TestTwoVariablesOfOneSetting(t *testing.T) {
	tests := []struct {
		env, args []string
		fault     string
	}{
		{[]string{"TCP_WORKERS=4", "HTTP_WORKERS=4"}, nil, ""},
		{[]string{"TCP_WORKERS=4", "HTTP_WORKERS=8"}, nil, "TCP_WORKERS=4 and HTTP_WORKERS=8 differ"},
		{[]string{"TCP_WORKERS=4", "HTTP_WORKERS=8"}, []string{"--event-loops", "2"}, ""},
		{[]string{"TCP_SERVER_IMPL=coroutine", "HTTP_SERVER_IMPL=goroutine"}, nil, ""},
		{[]string{"TCP_SERVER_IMPL=coroutine", "HTTP_SERVER_IMPL=swoole"}, nil, "TCP_SERVER_IMPL=coroutine and HTTP_SERVER_IMPL=swoole differ"},
	}
	for _, tt := range tests {
		r := runWith(tt.env, append(tt.args, "--check", "--tcp-backend", "10.0.0.1:1")...)
		if (r.code != 0) != (tt.fault != "") || !strings.Contains(r.stderr, tt.fault) || strings.Count(r.stderr, "\n") > 1 {
			t.Errorf("%q %q: exit %d, %s", tt.env, tt.args, r.code, r.stderr)
		}
	}
}

func TestOriginOfAnAlias(t *testing.T) {
	r := runWith([]string{"HTTP_WORKERS=3"}, "--print-config", "--tcp-backend", "10.0.0.1:1")
	if !strings.Contains(r.stdout, "# environment HTTP_WORKERS\n") {
		t.Error(r.stdout)
	}
}

func TestHTTPFaultsAtOnce(t *testing.T) {
	r := runWith([]string{"HTTP_OPEN_HTTP2=true", "HTTP_DIRECT_STATUS=99"}, "--check", "--http", ":80", "--http-backend", "a:1",
		"--http-via", "two words", "--http-stall-timeout", "0", "--http-server-mode", "thread")
	for _, want := range []string{
		"--http2 (HTTP_OPEN_HTTP2): HTTP/2 isn't served",
		`HTTP_DIRECT_STATUS "99": want a status`,
		`"two words" isn't a token`,
		"HTTP stall timeout: 0s",
		`--http-server-mode "thread": want process or base`,
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if r.code != 1 || strings.Count(r.stderr, "\n") != 5 {
		t.Errorf("exit %d:\n%s", r.code, r.stderr)
	}
}

// ask asks an HTTP server for a host.
func ask(t *testing.T, address, host string) (response *http.Response, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/path", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err = transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// end ends the process and expects that to succeed.
func (p *process) end(t *testing.T) {
	t.Helper()
	p.signal(t, os.Interrupt)
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestHTTPServed has the settings do what they say, in a process of its own.
func TestHTTPServed(t *testing.T) {
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "%s for %q", r.Host, r.Header.Get("X-Forwarded-For"))
	}))
	defer own.Close()
	endpoint := own.Listener.Addr().String()
	tests := []struct {
		args   []string
		status int
		body   string
		closes bool
		traced bool // has X-Proxy-*
	}{
		{[]string{"--http-backend", endpoint}, 404, `a.example for "127.0.0.1"`, false, true},
		{[]string{"--resolver", "fixed://192.0.2.1:1", "--http-fixed-backend", endpoint, "--http-fast-assume-ok", "--http-fast-path"},
			200, `a.example for ""`, false, true},
		{[]string{"--http-backend", endpoint, "--http-keepalive=false", "--http-telemetry=false", "--http-host-header", "backend"},
			404, endpoint + ` for "127.0.0.1"`, true, false},
		{[]string{"--http-direct-response", "hello", "--http-direct-status", "418"}, 418, "hello", false, false},
	}
	for _, tt := range tests {
		p := startProcess(t, append(tt.args, "--http", "127.0.0.1:0", "--allow-cidr", "127.0.0.1", "--event-loops", "1")...)
		address := p.awaitLog(t, `msg=listening .*address=(\S+)`)[1]
		p.awaitLog(t, `msg=started`)
		r, body := ask(t, address, "a.example")
		traced := r.Header.Get("X-Proxy-Resource") == "a.example"
		if r.StatusCode != tt.status || body != tt.body || r.Close != tt.closes || traced != tt.traced {
			t.Errorf("%q: %d %q, closes: %v, traced: %v", tt.args, r.StatusCode, body, r.Close, traced)
		}
		p.end(t)
	}
}
