package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseAdmin(t *testing.T) {
	for text, want := range map[string]string{
		"off":             "off",
		"9900":            "127.0.0.1:9900",
		"[::1]:9900":      "[::1]:9900",
		":9900":           ":9900",
		"localhost:0":     "localhost:0",
		"unix:/run/a.ctl": "unix:/run/a.ctl",
		"unix:":           "",
		"proxy.test:9900": "",
		"127.0.0.1:65536": "",
		"127.0.0.1":       "",
		"":                "",
	} {
		got, err := parseAdmin(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestReadToken(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tt := range map[string]struct {
		file, want string
		faulty     bool
	}{
		"no file":      {"", "", false},
		"a token":      {write("token", " s3cret\n"), "s3cret", false},
		"the longest":  {write("longest", strings.Repeat("x", maxToken)), strings.Repeat("x", maxToken), false},
		"too long":     {write("long", strings.Repeat("x", maxToken+1)), "", true},
		"only a space": {write("blank", " \n"), "", true},
		"missing":      {filepath.Join(dir, "missing"), "", true},
	} {
		if got, err := readToken(tt.file); got != tt.want || (err != nil) != tt.faulty {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Beyond loopback there must be a token, which is known before anything listens.
func TestAdminNeedsToken(t *testing.T) {
	for address, faulty := range map[string]bool{"127.0.0.1:0": false, "[::1]:0": false, "unix:/run/a.ctl": false, "0.0.0.0:9900": true, ":9900": true} {
		r := runWith(nil, "--check", "--tcp-backend", "192.0.2.1:1", "--admin", address)
		if refused := strings.Contains(r.stderr, "a token is needed"); refused != faulty || (r.code != 0) != faulty {
			t.Errorf("%s: exit %d, %s", address, r.code, r.stderr)
		}
	}
}
