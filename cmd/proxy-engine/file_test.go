package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// configText writes a configuration file and returns its name.
func configText(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFilePrecedence(t *testing.T) {
	file := configText(t, "# ours\nconnect-timeout: 1s\nopen-timeout: 2\nflush-timeout: 3s\ndetect-timeout:\nallow-cidr: [10.0.0.0/8, 'fd00::/8']\n"+
		"tcp: a@:1,b@2\nreuseport: off\n")
	for _, env := range [][]string{
		{"PROXY_CONFIG=" + file, "PROXY_OPEN_TIMEOUT=20", "PROXY_FLUSH_TIMEOUT=30"},
		{"PROXY_CONFIG=/no/such/file", "PROXY_OPEN_TIMEOUT=20", "PROXY_FLUSH_TIMEOUT=30"},
	} {
		s, _ := parsed(t, env, "--flush-timeout=300", "--config", file)
		got := s.engine.Timeouts
		if got.Connect != time.Second || got.Open != 20*time.Second || got.Flush != 5*time.Minute || got.Detect != defaults().engine.Timeouts.Detect {
			t.Errorf("%q: %+v", env, got)
		}
		if len(s.allow) != 2 || len(s.tcp) != 2 || s.engine.Listen.ReusePort {
			t.Errorf("%q: %v %v %v", env, s.allow, s.tcp, s.engine.Listen.ReusePort)
		}
	}
	s, _ := parsed(t, []string{"PROXY_ALLOW_CIDR=127.0.0.1"}, "--config", file, "--tcp=c@3")
	if len(s.allow) != 1 || len(s.tcp) != 1 {
		t.Errorf("lists of the file are added to: %v %v", s.allow, s.tcp)
	}
}

// TestListsOfAFileAreNotParted: an item may have a comma.
func TestListsOfAFileAreNotParted(t *testing.T) {
	s, _ := parsed(t, nil, "--config", configText(t, "smtp-capability:\n  - A,B\n  - C\n"))
	if got := s.smtpOptions.Capabilities; len(got) != 2 || got[0] != "A,B" {
		t.Errorf("got %q", got)
	}
}

func TestAllFaultsOfAFile(t *testing.T) {
	file := configText(t, `connect-timeout: soon
conect-timeout: 5s
--open-timeout: 5s
tcp-backend: [10.0.0.1:1, 10.0.0.2:1]
backlog: {a: 1}
backlog: 7
allow-cidr:
  - 10.0.0.0/8
  - nowhere
config: other.yaml
resolver: bad=redis://user:secret@h
wake-hook: [ftp://user:secret@h]
log-level: &a info
`)
	r := runWith(nil, "--check", "--config", file, "--connect-timeout=1s")
	if r.code != 1 {
		t.Errorf("exit %d", r.code)
	}
	for _, want := range []string{
		`line 1: connect-timeout "soon": want a duration`,
		`line 2: conect-timeout: no such setting; did you mean connect-timeout?`,
		`line 3: --open-timeout: no such setting; did you mean open-timeout?`,
		`line 4: tcp-backend: want one value, found a list`,
		`line 5: backlog: want text, found mapping`,
		`line 6: "backlog" is there already, in line 5`,
		`line 9: allow-cidr "nowhere":`,
		`line 10: config: a file can't name another`,
		`line 13: log-level: want text, found anchor`,
	} {
		if !strings.Contains(r.stderr, "proxy-engine: "+file+": "+want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if strings.Contains(r.stderr, "secret") {
		t.Error("a password is told")
	}
	if t.Failed() {
		t.Log(r.stderr)
	}
}

func TestUnreadableFiles(t *testing.T) {
	for text, want := range map[string]string{
		"postgres: [":                       "line 1: ",
		"- postgres":                        "line 1: want a mapping",
		"a: 1\n---\nb: 2\n":                 "want one YAML document",
		strings.Repeat("# \n", maxConfig/2): "has more than",
		strings.Repeat("[", 100):            "nested more than",
	} {
		file := configText(t, text)
		// Where to route to may stand there: that is no fault beside.
		if r := runWith(nil, "--check", "--config", file); r.code != 1 || !strings.Contains(r.stderr, want) || strings.Contains(r.stderr, "nowhere") {
			t.Errorf("%.20q: exit %d, %s", text, r.code, r.stderr)
		}
	}
	if r := runWith(nil, "--check", "--config", "/no/such/file"); r.code != 1 || !strings.Contains(r.stderr, "/no/such/file") || strings.Contains(r.stderr, "nowhere") {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
	if r := runWith(nil, "--check", "--config", configText(t, "# nothing\n\n"), "--tcp-backend=h:1"); r.code != 0 {
		t.Errorf("a file without settings: exit %d, %s", r.code, r.stderr)
	}
}

func TestPrintConfigNamesLines(t *testing.T) {
	file := configText(t, "\npostgres: 6000\nresolver: redis://user:secret@h:1/0\n")
	r := runWith(nil, "--print-config", "--config", file)
	for _, want := range []string{"--postgres=0.0.0.0:6000 ", "# file " + file + ":2\n", "--resolver=redis://user:xxxxx@h:1/0 ", "# file " + file + ":3\n"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
	if yaml := runWith(nil, "--print-config=yaml", "--config", file); strings.Contains(r.stdout+yaml.stdout, "secret") {
		t.Error("a password is told")
	}
}

// TestYAMLRoundTrips reads what --print-config=yaml has printed.
func TestYAMLRoundTrips(t *testing.T) {
	args := []string{"--tcp", "a@127.0.0.1:1,b@127.0.0.1:2?tls=off", "--tcp-backend", "10.0.0.1:1", "--resource-pattern", `^db-([a-z"\\]+)(?:\.|$)`,
		"--user-timeout", "1h", "--skip-validation", "--postgres", "[::]:0", "--smtp-capability", "SIZE 1000,HELP", "--allow-cidr", "10.0.0.0/8,fd00::/8",
		"--client-prefix", "24,56", "--http-via", "null", "--http-direct-response", "a: b # 'c'\tü"}
	first := runWith(nil, append(args, "--print-config=yaml")...)
	file := configText(t, first.stdout)
	second := runWith(nil, "--print-config=yaml", "--config", file)
	if first.stdout != second.stdout || second.code != 0 {
		t.Errorf("gives another one:\n%s\n%s%s", first.stdout, second.stdout, second.stderr)
	}
}

// TestExampleIsValid takes every default from the example's comments.
func TestExampleIsValid(t *testing.T) {
	var example bytes.Buffer
	table := newTable(defaults())
	table.printYAML(&example)
	settings := regexp.MustCompile(`(?m)^#([a-z0-9-]+:)`)
	file := configText(t, settings.ReplaceAllString(example.String(), "$1"))
	if n := len(settings.FindAllString(example.String(), -1)); n != len(table.rows())-1 {
		t.Errorf("%d settings in the example, want %d", n, len(table.rows())-1)
	}
	s := defaults()
	got := newTable(s)
	var f findings
	got.parse([]string{"--config", file}, nil, &f)
	for _, err := range f.errs {
		t.Error(err)
	}
	for _, row := range got.rows() {
		if row.flag != configFlag && row.value.String() != row.fallback {
			t.Errorf("%s is %q, want %q", row.flag, row.value, row.fallback)
		}
	}
}

// FuzzFile: whatever is in a file, what was taken is printed and read again as
// the same.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "postgres: [1, \":2\"]\n", "tls-ca: 'a: b'\nbacklog: 007\n", "http-via: >\n  a\n  b\n", "? a\n: b", "log-level: debug\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (table, findings) {
			var found findings
			got := newTable(defaults())
			file := configFile{table: got, trial: newTable(defaults()), name: "f", findings: &found}
			file.Source = text
			file.read()
			return got, found
		}
		first, found := read(text)
		if len(found.errs) > 0 {
			return
		}
		var printed bytes.Buffer
		first.printYAML(&printed)
		second, found := read(printed.String())
		if len(found.errs) > 0 {
			t.Fatalf("%q gives %v:\n%s", text, found.errs, printed.String())
		}
		for i, row := range second.rows() {
			if want := first.rows()[i]; !want.quiet && row.value.String() != want.value.String() {
				t.Errorf("%s is %q, was %q", row.flag, row.value, want.value)
			}
		}
	})
}
