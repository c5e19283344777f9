package main

import (
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
)

// parsed is the settings after a parse that found no fault.
func parsed(t *testing.T, env []string, args ...string) (*settings, findings) {
	t.Helper()
	s := defaults()
	var f findings
	newTable(s).parse(args, env, &f)
	s.complete()
	for _, err := range f.errs {
		t.Error(err)
	}
	return s, f
}

func TestPrecedence(t *testing.T) {
	env := []string{"PROXY_CONNECT_TIMEOUT=7", "PROXY_OPEN_TIMEOUT=8s", "PROXY_FLUSH_TIMEOUT="}
	s, _ := parsed(t, env, "--connect-timeout", "9s")
	want := engine.DefaultConfig().Timeouts
	want.Connect, want.Open = 9*time.Second, 8*time.Second
	if s.engine.Timeouts != want {
		t.Errorf("got %+v, want %+v", s.engine.Timeouts, want)
	}
}

func TestListsOfAFlagReplaceTheVariables(t *testing.T) {
	s, _ := parsed(t, []string{"PROXY_ALLOW_CIDR=10.0.0.0/8,fd00::/8"})
	if len(s.allow) != 2 {
		t.Errorf("got %v from the variable", s.allow)
	}
	s, _ = parsed(t, []string{"PROXY_ALLOW_CIDR=10.0.0.0/8,fd00::/8"}, "--allow-cidr", "192.168.0.0/16", "--allow-cidr", "127.0.0.1, ::1")
	if len(s.allow) != 3 || s.allow[0].String() != "192.168.0.0/16" {
		t.Errorf("got %v from the flags", s.allow)
	}
}

func TestFlagForms(t *testing.T) {
	for _, args := range [][]string{
		{"--keepalive-count", "7", "--reuseport=false", "--skip-validation"},
		{"-keepalive-count=7", "-reuseport=no", "-skip-validation=on"},
		{"--keepalive-count", "3", "--keepalive-count", "7", "--reuseport", "--reuseport=0", "--skip-validation=1"},
	} {
		s, _ := parsed(t, nil, args...)
		if s.socket.KeepAlive.Count != 7 || s.engine.Listen.ReusePort || !s.engine.Cache.Guard.SkipAll {
			t.Errorf("%q: %+v", args, s)
		}
	}
}

func TestListeners(t *testing.T) {
	tests := []struct {
		env  []string
		args []string
		want string
	}{
		{nil, nil, "postgres=0.0.0.0:5432"},
		{nil, []string{"--tcp", "a@:1"}, "a=:1"},
		{[]string{"PROXY_TCP=a@:1,b@2"}, nil, "a=:1 b=0.0.0.0:2"},
		{[]string{"TCP_POSTGRES_PORT=6000"}, nil, "postgres=0.0.0.0:6000"},
		{[]string{"TCP_POSTGRES_PORT=6000"}, []string{"--tcp", "a@:1"}, "postgres=0.0.0.0:6000 a=:1"},
		{[]string{"TCP_POSTGRES_PORT=6000"}, []string{"--postgres", "127.0.0.1:0"}, "postgres=127.0.0.1:0"},
		{nil, []string{"--http", ":1", "--http", "2"}, "http=:1 http-2=0.0.0.0:2"},
		{nil, []string{"--demo"}, "http=127.0.0.1:8080"},
		{nil, []string{"--demo", "--tcp", "a@:1"}, "a=:1"},
		{nil, []string{"--postgres", "1,[::1]:2", "--postgres", ":3"}, "postgres=0.0.0.0:1 postgres-2=[::1]:2 postgres-3=:3"},
	}
	for _, tt := range tests {
		s, _ := parsed(t, tt.env, tt.args...)
		var got []string
		for _, l := range s.listeners() {
			got = append(got, l.Name+"="+l.Address)
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%q %q: got %s, want %s", tt.env, tt.args, text, tt.want)
		}
	}
}

func TestForeignVariables(t *testing.T) {
	tests := []struct {
		env   string
		warns bool
	}{
		{"TCP_MYSQL_PORT=", false},
		{"TCP_MYSQL_PORT=0", false},
		{"PROXY_TLS_CERT=/cert.pem", false},
		{"PROXY_TLS_ENABLED=false", false},
		{"HTTP_OPEN_HTTP2=off", false},
		{"HTTP_WORKERS=16", false},
		{"HTTP_WORKER=16", true},
		{"TCP_WORKER=4", true},
		{"PROXY_LOGLEVEL=debug", true},
		{"TCP_BACKEND_PORT_5432_TCP=tcp://10.0.0.1:5432", false},
		{"HTTP_PROXY=http://proxy:3128", false},
		{"HOME=/root", false},
	}
	for _, tt := range tests {
		_, f := parsed(t, []string{tt.env})
		if warned := len(f.warnings) > 0; warned != tt.warns {
			t.Errorf("%s: warnings %q", tt.env, f.warnings)
		}
	}
}

func TestZeroCacheTimesMeanOff(t *testing.T) {
	s, _ := parsed(t, nil, "--cache-ttl", "0", "--cache-stale", "0")
	o := s.cache(nil)
	if o.TTL >= 0 || o.StaleFor >= 0 || o.NegativeTTL <= 0 {
		t.Errorf("got %+v", o)
	}
}

func TestResolverWins(t *testing.T) {
	s, f := parsed(t, nil, "--resolver", "fixed://10.0.0.1:1", "--tcp-backend", "10.0.0.2:2")
	s.warnUnused(&f)
	if len(f.warnings) != 1 || len(f.errs) != 0 {
		t.Errorf("got %q, %v", f.warnings, f.errs)
	}
}

func TestTypos(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "abc", 3},
		{"workers", "worker", 1}, {"timeout", "tiemout", 2}, {"kitten", "sitting", 3},
	}
	for _, tt := range tests {
		if got := typos(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
