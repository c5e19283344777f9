package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestListenersTLS: what listeners do about TLS, and backends' legs, by the
// settings for all and by their own.
func TestListenersTLS(t *testing.T) {
	tests := []struct {
		args string
		want string // name, whether TLS is terminated, the backend's leg
	}{
		{"--http 1 --tls on --postgres 2", "http:off:off postgres:on:off"},
		{"--https 1", "https:on:off"},
		{"--https 1 --tls=passthrough --backend-tls=require", "https:off:off"},
		{"--http 1?tls=on --postgres 2?backend-tls=verify-full --backend-tls=require", "http:on:require postgres:off:verify-full"},
		{"--tls=require --postgres 1 --postgres 2?tls=off", "postgres:on:off postgres-2:off:off"},
		{"--tls=passthrough --tcp 1 --tcp b@2?tls=off", "tcp:off:off b:off:off"},
		{"--tls=on --route-by=sni --tcp 1", "tcp:on:off"},
	}
	for _, tt := range tests {
		s, _ := parsed(t, nil, strings.Fields(tt.args)...)
		s.server = new(tlsterm.Server)
		var got []string
		for _, l := range s.listeners() {
			terminated := "off"
			if l.TLS != nil {
				terminated = "on"
			}
			got = append(got, l.Name+":"+terminated+":"+l.BackendTLS.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
}

// TestTLSFaults: what is asked for and can't be had.
func TestTLSFaults(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.pem")
	if err := os.WriteFile(broken, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--tls=on --tcp a@:1":                             "TLS needs --tls-cert and --tls-key",
		"--https 1 --http-direct-response x --tls-cert a": "1 and 0 are given",
		"--https 1 --http-direct-response x --tls-cert " + broken + " --tls-key " + broken: broken,
		"--tcp :1":                              "which resource do clients want?",
		"--tcp :1 --route-by=sni":               "which resource do clients want?",
		"--tcp a@:1 --backend-tls=prefer":       "has no way to ask a backend",
		"--tcp a@:1 --backend-tls-ca=" + broken: broken,
	} {
		r := runWith(nil, append(strings.Fields(args), "--check", "--tcp-backend", "192.0.2.1:1")...)
		if r.code != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: exit %d, %q; want %q", args, r.code, r.stderr, want)
		}
	}
}
