package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/cmd/proxy-engine/top"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// adminSite is an admin server that wants a token.
func adminSite(t *testing.T) (address, tokenFile string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"the token is missing or wrong"}`)
		case r.URL.Path == "/stats":
			_ = json.NewEncoder(w).Encode(api.Stats{Active: 7, Listeners: []api.Listener{{Name: "web", Protocol: "http", Active: 7}}})
		default:
			_, _ = io.WriteString(w, `[]`)
		}
	}))
	t.Cleanup(s.Close)
	tokenFile = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.Listener.Addr().String(), tokenFile
}

// TestTopOnce: flags and variables say where the proxy is, and a frame is printed
// where there is no terminal.
func TestTopOnce(t *testing.T) {
	address, token := adminSite(t)
	env := []string{"PROXY_ADMIN=" + address, "PROXY_ADMIN_TOKEN_FILE=" + token, "PROXY_TOP_INTERVAL=100ms"}
	for name, r := range map[string]result{
		"variables":   runWith(env, "top"),
		"flags":       runWith(nil, "top", "--admin", address, "--admin-token-file="+token, "--once", "--interval", "100ms"),
		"both":        runWith(append(env, "PROXY_ADMIN=127.0.0.1:1"), "top", "--admin="+address),
		"other table": runWith(env, "top", "--table", "listeners"),
	} {
		if r.code != 0 || r.stderr != "" || !strings.Contains(r.stdout, "sessions 7") || strings.Contains(r.stdout, "\x1b") {
			t.Errorf("%s: exit %d, %s, %s", name, r.code, r.stdout, r.stderr)
		}
		if shown := strings.Contains(r.stdout, "[4 listeners 1]"); shown != (name == "other table") {
			t.Errorf("%s: %s", name, r.stdout)
		}
	}
	r := runWith(env[:1], "top")
	if want := "proxy-engine top: " + address + ": GET /stats: 401 Unauthorized: the token is missing or wrong\n"; r.code != 1 || r.stdout != "" || r.stderr != want {
		t.Errorf("exit %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

func TestTopFaults(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--admin", "off"}, "--admin off: want the address of a proxy"},
		{[]string{"--admin", "nowhere:here"}, `--admin "nowhere:here": want host:port`},
		{[]string{"--admin-token-file", "/no/such"}, "--admin-token-file: open /no/such"},
		{[]string{"--interval", "0"}, `--interval "0": want at least 100ms`},
		{[]string{"--interval", "soon"}, `--interval "soon": want a duration`},
		{[]string{"--table", "tables"}, `--table "tables": want resources, endpoints`},
		{[]string{"--intervall", "1s"}, "--intervall: no such flag; did you mean --interval?"},
		{[]string{"--check"}, "--check: is the proxy's own"},
		{[]string{"stray"}, `"stray": not a flag`},
	} {
		r := runWith(nil, append([]string{"top"}, tt.args...)...)
		if r.code != 1 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "proxy-engine top: "+tt.want) {
			t.Errorf("%q: exit %d, %q, %q", tt.args, r.code, r.stdout, r.stderr)
		}
	}
}

func TestSubcommandHelp(t *testing.T) {
	r := runWith(nil, "help", "top")
	golden(t, "help-top.txt", r.stdout)
	for _, args := range [][]string{{"top", "--help"}, {"top", "-h", "--once"}} {
		if other := runWith(nil, args...); other.code != 0 || other.stdout != r.stdout {
			t.Errorf("%q: exit %d, %s", args, other.code, other.stdout)
		}
	}
	if all := runWith(nil, "help"); all.code != 0 || all.stdout != runWith(nil, "--help").stdout {
		t.Errorf("help alone: exit %d, %s", all.code, all.stderr)
	}
	if !strings.Contains(runWith(nil, "--help").stdout, "\n  top [--flag value]...\n") {
		t.Error("the help doesn't name it")
	}
	for _, args := range [][]string{{"help", "tip"}, {"tip"}} {
		if r := runWith(nil, args...); r.code != 1 || !strings.Contains(r.stderr, `: not a flag`) {
			t.Errorf("%q: exit %d, %s", args, r.code, r.stderr)
		}
	}
}

// TestSubcommandsComplete: a subcommand is offered first, and then its own flags.
func TestSubcommandsComplete(t *testing.T) {
	script := configText(t, runWith(nil, "--completion", "bash").stdout)
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"to"}, "top"},
		{[]string{"--http", "to"}, ""},
		{[]string{"top", "--in"}, "--interval"},
		{[]string{"top", "--table", ""}, strings.Join(top.Tables(), " ")},
		{[]string{"top", "--mongodb-h"}, ""},
	} {
		args := append([]string{"--norc", "-c", `source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _proxy_engine; echo "${COMPREPLY[*]}"`,
			"bash", script, "proxy-engine"}, tt.words...)
		if got := strings.TrimSpace(output(t, "", "bash", args...)); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.words, got, tt.want)
		}
	}
	script = configText(t, runWith(nil, "--completion=fish").stdout)
	for line, want := range map[string]string{"proxy-engine to": "top", "proxy-engine top --in": "--interval\t", "proxy-engine top --table end": "endpoints"} {
		got := output(t, "", "fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line)
		if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
			t.Errorf("fish: %s: %q", line, got)
		}
	}
}
