package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// output runs a program and returns what it prints.
func output(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

// TestBashCompletes asks bash itself, with words as readline parts them.
func TestBashCompletes(t *testing.T) {
	script := configText(t, runWith(nil, "--completion", "bash").stdout)
	some := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(some, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"--mongodb-h"}, "--mongodb-hide-topology"},
		{[]string{"--http", ":80", "--comp"}, "--completion"},
		{[]string{"--tls", ""}, "off on require passthrough"},
		{[]string{"--tls", "re"}, "require"},
		{[]string{"--tls", "=", "re"}, "require"},
		{[]string{"--tls", "="}, "off on require passthrough"},
		{[]string{"--completion", ""}, "bash zsh fish"},
		{[]string{"--config", some[:len(some)-3]}, some},
		{[]string{"--postgres", ""}, ""},
		{[]string{"--no-such-"}, ""},
	} {
		args := append([]string{"--norc", "-c", `source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _proxy_engine; echo "${COMPREPLY[*]}"`,
			"bash", script, "proxy-engine"}, tt.words...)
		if got := strings.TrimSpace(output(t, "", "bash", args...)); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.words, got, tt.want)
		}
	}
}

// TestCompletionsNameEveryFlag, in all shells.
func TestCompletionsNameEveryFlag(t *testing.T) {
	marks := map[string]string{"bash": "--", "zsh": "--", "fish": "-l "}
	for _, shell := range commandNamed(cmdCompletion).choices {
		r := runWith(nil, "--completion="+shell)
		words := strings.FieldsFunc(r.stdout, func(c rune) bool { return strings.ContainsRune(" '=[\n)|", c) })
		for _, c := range newTable(defaults()).completions() {
			want := strings.TrimSpace(marks[shell] + c.flag)
			if marks[shell] == "-l " {
				want = c.flag
			}
			if !slices.Contains(words, want) && !slices.Contains(words, "*"+want) {
				t.Errorf("%s: no %s", shell, want)
			}
		}
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%s: exit %d, %s", shell, r.code, r.stderr)
		}
	}
	if r := runWith(nil, "--completion", "tcsh"); r.code != 1 || !strings.Contains(r.stderr, `--completion "tcsh": want bash, zsh, fish`) {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
}

// TestShellsTakeTheirScripts has the shells parse them.
func TestShellsTakeTheirScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if got := output(t, runWith(nil, "--completion", shell).stdout, shell, "-n"); got != "" {
			t.Errorf("%s: %s", shell, got)
		}
	}
	script := configText(t, runWith(nil, "--completion=fish").stdout)
	got := output(t, "", "fish", "--no-config", "-c", "source $argv[1]; complete -C 'proxy-engine --log-format '", script)
	if !strings.HasPrefix(got, "json\t") || !strings.Contains(got, "\ntext\t") {
		t.Errorf("fish offers %q", got)
	}
}

// TestMan has two formatters look at the manual.
func TestMan(t *testing.T) {
	var page bytes.Buffer
	table := newTable(defaults())
	table.printMan(&page, "2026-01-02")
	if got := output(t, page.String(), "mandoc", "-T", "lint", "-W", "style"); got != "" {
		t.Error(got)
	}
	if got := output(t, page.String(), "groff", "-ww", "-man", "-z"); got != "" {
		t.Error(got)
	}
	text := output(t, page.String(), "mandoc", "-T", "ascii", "-O", "width=1000")
	text = regexp.MustCompile(".\b").ReplaceAllString(text, "") // bold letters are struck twice
	text = strings.Join(strings.Fields(text), " ")
	for _, row := range table.rows() {
		if !strings.Contains(text, " "+strings.TrimSpace("--"+row.flag+" "+row.meta)+" ") || !strings.Contains(text, row.usage) {
			t.Errorf("--%s isn't in the manual as it should be", row.flag)
		}
	}
	if r := runWith(nil, "--man"); r.code != 0 || !strings.HasPrefix(r.stdout, ".TH PROXY\\-ENGINE 8 ") {
		t.Errorf("exit %d, %.100s", r.code, r.stdout)
	}
}
