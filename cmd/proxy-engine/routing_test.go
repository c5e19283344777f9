package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestRoutingPerProtocol asks where clients of each protocol are sent.
func TestRoutingPerProtocol(t *testing.T) {
	tests := []struct {
		args        []string
		http, other string // endpoints, "" for none
		warnings    int
	}{
		{[]string{"--tcp-backend", "t:1", "--http-backend", "h:1"}, "h:1", "t:1", 0},
		{[]string{"--tcp-backend", "t:1"}, "", "t:1", 0},
		{[]string{"--resolver", "fixed://r:1"}, "r:1", "r:1", 0},
		{[]string{"--resolver", "fixed://r:1", "--http-fixed-backend", "f:1"}, "f:1", "r:1", 0},
		{[]string{"--resolver", "fixed://r:1", "--http-backend", "h:1", "--tcp-backend", "t:1"}, "r:1", "r:1", 2},
		{[]string{"--http", ":0", "--http-fixed-backend", "f:1", "--http-backend", "h:1"}, "f:1", "", 0},
	}
	for _, tt := range tests {
		s, f := parsed(t, nil, tt.args...)
		s.warnUnused(&f)
		r := s.openResolver(slog.New(slog.DiscardHandler), &f)
		if len(f.warnings) != tt.warnings || len(f.errs) != 0 {
			t.Errorf("%q: %q, %v", tt.args, f.warnings, f.errs)
		}
		for protocol, want := range map[codecs.Protocol]string{codecs.HTTP: tt.http, codecs.TCP: tt.other, codecs.PostgreSQL: tt.other} {
			got, err := r.Resolve(t.Context(), resolve.Request{Protocol: protocol.String(), Resource: "x"})
			if got.Endpoint != want || (err != nil) != (want == "") {
				t.Errorf("%q: %v goes to %q, %v; want %q", tt.args, protocol, got.Endpoint, err, want)
			}
		}
	}
}

// TestGuardPerProtocol: each of the original's switches is about its own
// protocols.
func TestGuardPerProtocol(t *testing.T) {
	tests := []struct {
		env         string
		http, other bool // the guard is off
	}{
		{"TCP_SKIP_VALIDATION=true", false, true},
		{"HTTP_SKIP_VALIDATION=true", true, false},
	}
	for _, tt := range tests {
		s, _ := parsed(t, []string{tt.env}, "--tcp-backend", "127.0.0.1:1", "--http-backend", "127.0.0.1:1")
		var f findings
		cfg := s.config(nil, slog.New(slog.DiscardHandler), &f)
		c := resolve.NewCache(cfg.Resolver, cfg.Cache)
		for protocol, open := range map[codecs.Protocol]bool{codecs.HTTP: tt.http, codecs.TCP: tt.other} {
			_, err := c.Fetch(t.Context(), resolve.Request{Protocol: protocol.String(), Resource: "x"})
			if (err == nil) != open || err != nil && resolve.KindOf(err) != resolve.Forbidden {
				t.Errorf("%s: %v: %v", tt.env, protocol, err)
			}
		}
	}
}

// TestChains: the first that knows wins; a protocol's own are asked alone.
func TestChains(t *testing.T) {
	dir := t.TempDir()
	routes := func(name, resource, endpoint string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("routes: {"+resource+": {endpoint: '"+endpoint+"'}}"), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	orders, shop := routes("1", "orders", "o:1"), routes("2", "shop", "s:1")
	s, f := parsed(t, []string{"PROXY_RESOLVER=" + orders + " " + shop + "  mysql=fixed://m:1"}, "--http-fixed-backend", "h:1")
	r := s.openResolver(slog.New(slog.DiscardHandler), &f)
	if len(f.errs)+len(f.warnings) != 0 {
		t.Fatal(f)
	}
	for _, tt := range []struct{ protocol, resource, want string }{
		{"postgresql", "orders", "o:1"},
		{"postgresql", "shop", "s:1"},
		{"postgresql", "other", ""},
		{"mysql", "orders", "m:1"},
		{"http", "orders", "h:1"},
		{"smtp", "shop", "s:1"},
	} {
		got, err := r.Resolve(t.Context(), resolve.Request{Protocol: tt.protocol, Resource: tt.resource})
		if got.Endpoint != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%v goes to %q, %v", tt, got.Endpoint, err)
		}
	}
	if err := closeResolver(r); err != nil {
		t.Error(err)
	}
	if err := s.closeWaker(); err != nil {
		t.Error(err)
	}
}

// TestWakeHook: a resource is started by the hook of all, or by its route's own,
// with the options of both.
func TestWakeHook(t *testing.T) {
	calls := make(chan string, 2)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- r.URL.Path + " " + r.Header.Get("Authorization")
	}))
	defer s.Close()
	t.Setenv("WAKE_TOKEN", "secret")
	path := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(path, []byte("routes: {a: {endpoint: 'a:1'}, b: {endpoint: 'b:1', wake: '"+s.URL+"/own'}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, f := parsed(t, nil, "--resolver", "file://"+path, "--wake-hook", s.URL+"/all", "--wake-options", "token-env=WAKE_TOKEN")
	r := set.openResolver(slog.New(slog.DiscardHandler), &f)
	if len(f.errs)+len(f.warnings) != 0 {
		t.Fatal(f)
	}
	for resource, want := range map[string]string{"a": "/all Bearer secret", "b": "/own Bearer secret"} {
		req := resolve.Request{Protocol: "postgresql", Resource: resource}
		res, err := r.Resolve(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.(resolve.Waker).Wake(t.Context(), req, res); err != nil {
			t.Error(err)
		} else if got := <-calls; got != want {
			t.Errorf("%s: %s, want %s", resource, got, want)
		}
	}
	if err := errors.Join(closeResolver(r), set.closeWaker()); err != nil {
		t.Error(err)
	}
}

// TestRoutingFaults: each is told, and names no secret.
func TestRoutingFaults(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"--resolver", "ftp://user:hunter2@x"}, "unknown scheme"},
		{[]string{"--resolver", "fixed://a:1", "--resolver", "fixed://b"}, "--resolver fixed://b:"},
		{[]string{"--resolver", "mysql=fixed://b"}, "--resolver mysql=fixed://b:"},
		{[]string{"--resolver", "mysql=fixed://b:1"}, "nowhere to route to"},
		{[]string{"--resolver", "https://user:hunter2@a.b"}, "without a user"},
		{[]string{"--resolver", "https://a.b?token-env=NO_SUCH"}, "it is empty"},
		{[]string{"--resolver", "redis://user:hunter2@host?nothing=1"}, "--resolver redis://user:xxxxx@host"},
		{[]string{"--tcp-backend", "a:1", "--wake-options", "retries=3"}, "--wake-options: retries: there is no such option"},
		{[]string{"--tcp-backend", "a:1", "--wake-options", "token-env=WAKE_TOKEN"}, "needs origins"},
	}
	r := runWith(nil, "--check", "--resolver", "oracle=redis://user:hunter2@host", "--wake-hook", "https://user:hunter2@a.b/")
	if r.code != 1 || strings.Contains(r.stderr, "hunter2") || !strings.Contains(r.stderr, "unknown protocol") || !strings.Contains(r.stderr, "without a user") {
		t.Errorf("exit code %d:\n%s", r.code, r.stderr)
	}
	t.Setenv("WAKE_TOKEN", "hunter2")
	for _, tt := range tests {
		s, f := parsed(t, nil, append(tt.args, "--postgres", ":0")...)
		s.checkRouted(&f)
		r := s.openResolver(slog.New(slog.DiscardHandler), &f)
		if text := fmt.Sprint(f.errs); !strings.Contains(text, tt.want) || strings.Contains(text, "hunter2") {
			t.Errorf("%q: %v, want %q", tt.args, f.errs, tt.want)
		}
		if r != nil {
			_ = closeResolver(r)
		}
	}
}
