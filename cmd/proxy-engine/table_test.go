package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTableIsComplete(t *testing.T) {
	taken := make(map[string]bool)
	for _, row := range newTable(defaults()).rows() {
		for _, name := range append(row.variables(), row.flag) {
			if name == "" || taken[name] {
				t.Errorf("%s: the name %q is empty or taken", row.flag, name)
			}
			taken[name] = true
		}
		if isCommand(row.flag) {
			t.Errorf("%s: the name means something else", row.flag)
		}
		for _, name := range row.variables() {
			if !isOurs(name) {
				t.Errorf("%s: the variable %s has none of our prefixes", row.flag, name)
			}
		}
		if !strings.HasSuffix(row.usage, ".") || len(row.usage) < 20 {
			t.Errorf("%s: no help to speak of: %q", row.flag, row.usage)
		}
	}
}

// TestDefaultsAreValid has every default in a form the setting takes itself.
func TestDefaultsAreValid(t *testing.T) {
	for _, row := range newTable(defaults()).rows() {
		if row.fallback == "" {
			continue
		}
		if err := row.value.Set(row.fallback); err != nil {
			t.Errorf("%s: default %q: %v", row.flag, row.fallback, err)
		}
		if got := row.value.String(); got != row.fallback {
			t.Errorf("%s: default %q becomes %q", row.flag, row.fallback, got)
		}
	}
}

// TestOriginalNames holds the variables of the original proxy: each is served.
func TestOriginalNames(t *testing.T) {
	served := newTable(defaults()).variables()
	for _, name := range []string{
		"TCP_WORKERS", "TCP_SERVER_IMPL", "TCP_POSTGRES_PORT", "TCP_SKIP_VALIDATION", "TCP_BACKEND_ENDPOINT",
		"HTTP_WORKERS", "HTTP_SERVER_MODE", "HTTP_SERVER_IMPL", "HTTP_FAST_PATH", "HTTP_FAST_ASSUME_OK", "HTTP_FIXED_BACKEND",
		"HTTP_DIRECT_RESPONSE", "HTTP_DIRECT_STATUS", "HTTP_RAW_BACKEND", "HTTP_BACKEND_POOL_SIZE", "HTTP_KEEPALIVE_TIMEOUT",
		"HTTP_OPEN_HTTP2", "HTTP_SKIP_VALIDATION", "HTTP_BACKEND_ENDPOINT",
		"PROXY_TLS_ENABLED", "PROXY_TLS_CERT", "PROXY_TLS_KEY", "PROXY_TLS_CA", "PROXY_TLS_REQUIRE_CLIENT_CERT",
		"TCP_MYSQL_PORT", "SMTP_BACKEND_ENDPOINT", "SMTP_SKIP_VALIDATION",
	} {
		if !slices.Contains(served, name) {
			t.Errorf("%s isn't served", name)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"--help", "-h", "-help"} {
		r := runWith(nil, arg)
		if r.code != 0 {
			t.Errorf("exit %d, %q", r.code, r.stderr)
		}
		golden(t, "help.txt", r.stdout)
	}
	for line := range strings.Lines(newHelp()) {
		if len(line) > helpWidth+1 {
			t.Errorf("longer than %d columns: %s", helpWidth, line)
		}
	}
}

func newHelp() string {
	var b bytes.Buffer
	newTable(defaults()).printHelp(&b)
	return b.String()
}

const (
	readme        = "../../README.md"
	settingsBegin = "<!-- settings:begin (go test ./cmd/proxy-engine -update) -->\n"
	settingsEnd   = "<!-- settings:end -->\n"
)

// TestReadmeRoutes has the README's example be one that works.
func TestReadmeRoutes(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	routes, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("the README has no example of routes")
	}
	file := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(file, []byte(routes), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := runWith(nil, "--check", "--resolver", "file://"+file); r.code != 0 {
		t.Error(r.stderr)
	}
}

func TestSettingsDocument(t *testing.T) {
	var want bytes.Buffer
	newTable(defaults()).printMarkdown(&want)
	inDocument(t, "../../docs/settings.md", want.String())
}

// inDocument compares what a document has between the marks, or writes it there
// (-update).
func inDocument(t *testing.T, file, want string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), settingsBegin)
	got, after, ok2 := strings.Cut(rest, settingsEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the settings", file)
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(file, []byte(before+settingsBegin+want+settingsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the settings of %s aren't the table's: go test ./cmd/proxy-engine -update", file)
	}
}

// TestChoicesAreTaken: what shells offer is valid.
func TestChoicesAreTaken(t *testing.T) {
	for _, row := range newTable(defaults()).rows() {
		for _, choice := range row.choices {
			if err := row.value.Set(choice); err != nil {
				t.Errorf("--%s %s: %v", row.flag, choice, err)
			}
		}
	}
}
