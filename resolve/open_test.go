package resolve

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenFixed(t *testing.T) {
	for raw, want := range map[string]string{
		"fixed://10.0.0.1:5432":    "10.0.0.1:5432",
		"fixed://[2001:db8::1]:80": "[2001:db8::1]:80",
		"fixed://tcp_backend:1":    "tcp_backend:1",
	} {
		r, err := Open(raw, OpenOptions{})
		if err != nil {
			t.Errorf("Open(%q): %v", raw, err)
			continue
		}
		res, err := r.Resolve(t.Context(), Request{Resource: "anything"})
		if err != nil || res.Endpoint != want {
			t.Errorf("%s resolves to %q, %v, want %q", raw, res.Endpoint, err, want)
		}
	}
}

func TestOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(path, []byte("routes:\n  orders: {endpoint: 10.0.0.7:5432}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open("file://"+path, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeFile(t, r.(*File))
	res, err := r.Resolve(t.Context(), Request{Resource: "orders"})
	if err != nil || res.Endpoint != "10.0.0.7:5432" {
		t.Errorf("orders resolves to %q, %v", res.Endpoint, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"", "no scheme"},
		{"10.0.0.1:5432", "malformed URL"},
		{"localhost:80", `unknown scheme "localhost": want fixed or file`},
		{"ftp://host", `unknown scheme "ftp": want fixed or file`},
		{"fixed://", "isn't host:port"},
		{"fixed://host", "isn't host:port"},
		{"fixed://host:0", "want a port"},
		{"fixed://host:80/", "want fixed://host:port"},
		{"fixed://host:80?x=1", "want fixed://host:port"},
		{"fixed://user@host:80", "want fixed://host:port"},
		{"fixed:host:80", "want fixed://host:port"},
		{"file://routes.yaml", "want file:///absolute/path"},
		{"file:routes.yaml", "want file:///absolute/path"},
		{"file:///routes.yaml#x", "want file:///absolute/path"},
		{"file:///no/such/routes.yaml", "no such file"},
	}
	for _, tt := range tests {
		r, err := Open(tt.raw, OpenOptions{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Open(%q) fails with %v, want %q in it", tt.raw, err, tt.want)
		}
		if r != nil {
			t.Errorf("Open(%q) fails and returns %v", tt.raw, r)
		}
	}
}

func TestOpenHidesSecrets(t *testing.T) {
	for _, raw := range []string{"redis://user:hunter2@host:port", "ftp://user:hunter2@host", "fixed://user:hunter2@host:80"} {
		if _, err := Open(raw, OpenOptions{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) fails with %v", raw, err)
		}
	}
}

func TestOpenSchemes(t *testing.T) {
	open := func(u *url.URL, o OpenOptions) (Resolver, error) {
		if u.Host == "" {
			return nil, errors.New("no host")
		}
		return Fixed(u.Host), nil
	}
	o := OpenOptions{Schemes: map[string]OpenFunc{"redis": open, "https": open}}
	if r, err := Open("redis://a:1", o); err != nil || r != Resolver(Fixed("a:1")) {
		t.Errorf("Open = %v, %v", r, err)
	}
	if r, err := Open("redis:", o); err == nil || r != nil {
		t.Errorf("Open = %v, %v", r, err)
	}
	if _, err := Open("ftp://a", o); err == nil || !strings.Contains(err.Error(), "want fixed, https, redis or file") {
		t.Error(err)
	}
}
