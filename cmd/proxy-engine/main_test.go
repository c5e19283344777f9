package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files and docs/settings.md anew")

// runMain, in the environment of the test binary, makes it the command.
const runMain = "PROXY_ENGINE_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// result is what a run of the command left.
type result struct {
	code           int
	stdout, stderr string
}

func runWith(env []string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(args, env, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// golden compares text with a file, or writes it there (-update).
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("differs from %s (go test -update writes it anew):\n%s", file, text)
	}
}

func TestCheck(t *testing.T) {
	routes := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(routes, []byte("routes:\n  alpha: {endpoint: \"10.0.0.1:5432\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--tcp-backend", "db.example:5432"},
		{"--resolver", "file://" + routes, "--tcp", "a@:7001", "--tcp=b@7002"},
		{"--resolver", "fixed://[::1]:5432", "--postgres", "5432", "--postgres", "[::]:5433"},
		{"--http", "8080", "--http-backend", "web.example:80"},
		{"--http", "8080", "--http-fixed-backend", "web.example:80", "--resolver", "file://" + routes},
		{"--http", "8080", "--http-direct-status", "503"},
		{"--http", "8080", "--tcp", "a@:7001", "--http-backend", "web.example:80", "--tcp-backend", "db.example:5432"},
		{"--demo"},
	} {
		r := runWith(nil, append(args, "--check")...)
		if r.code != 0 || r.stdout != "the configuration is valid\n" {
			t.Errorf("%q: exit %d, %q, %q", args, r.code, r.stdout, r.stderr)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	env := []string{"TCP_WORKERS=many", "PROXY_TLS_ENABLED=true", "PROXY_CACHE_TLL=5"}
	r := runWith(env, "--check", "--tcp", "nameless", "--connect-timeout", "soon", "--no-such", "thing", "stray",
		"--allow-cidr", "10.0.0.0/8,nowhere", "--resolver", "ftp://x", "--detect-timeout=0", "--backlog", "0", "--log-level")
	if r.code != 1 || r.stdout != "" {
		t.Errorf("exit %d, %q; want 1 and nothing", r.code, r.stdout)
	}
	for _, want := range []string{
		`--tcp "nameless": port "nameless" isn't a number`,
		`--connect-timeout "soon": want a duration`,
		`--no-such: no such flag`,
		`"stray": not a flag`,
		`--allow-cidr "nowhere":`,
		`--resolver ftp://x:`,
		`detect timeout: 0s`,
		`backlog: 0`,
		`--log-level: needs a value, LEVEL`,
		`TCP_WORKERS "many": want a whole number`,
		`TLS needs --tls-cert and --tls-key`,
		`PROXY_CACHE_TLL is not a setting; did you mean PROXY_CACHE_TTL?`,
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if lines := strings.Count(r.stderr, "\n"); lines != 12 {
		t.Errorf("%d lines, want one for each fault, 12:\n%s", lines, r.stderr)
	}
}

func TestNowhereToRouteTo(t *testing.T) {
	r := runWith(nil, "--check")
	if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "give --resolver or --tcp-backend") {
		t.Errorf("exit %d, %q", r.code, r.stderr)
	}
	r = runWith(nil, "--check", "--http", ":80", "--tcp-backend", "10.0.0.1:1")
	if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "give --resolver or --http-backend") {
		t.Errorf("exit %d, %q", r.code, r.stderr)
	}
}

func TestVersion(t *testing.T) {
	r := runWith(nil, "--version")
	if r.code != 0 || !strings.HasPrefix(r.stdout, "proxy-engine ") || !strings.Contains(r.stdout, " go1.") {
		t.Errorf("exit %d, %q", r.code, r.stdout)
	}
}

func TestPrintConfig(t *testing.T) {
	env := []string{"TCP_WORKERS=3", "TCP_POSTGRES_PORT=6000", "PROXY_DRAIN_TIMEOUT=90", "TCP_SERVER_IMPL=coroutine"}
	r := runWith(env, "--print-config", "--event-loops=2", "--resolver", "fixed://10.0.0.1:5432",
		"--allow-cidr", "10.0.0.0/8", "--allow-cidr=192.168.0.1,fd00::/8", "--tcp", "a@127.0.0.1:1", "--read-buffer", "64KiB")
	if r.code != 0 {
		t.Errorf("exit %d, %q", r.code, r.stderr)
	}
	config, limit, _ := strings.Cut(r.stdout, "# the descriptor limit of ")
	golden(t, "print-config.txt", config)
	if !strings.HasSuffix(limit, " sessions\n") {
		t.Errorf("nothing about the descriptor limit: %q", limit)
	}
}

// TestPrintedConfigSetsTheSame feeds the dump's lines back as flags.
func TestPrintedConfigSetsTheSame(t *testing.T) {
	first := runWith(nil, "--print-config", "--tcp", "a@127.0.0.1:1,b@127.0.0.1:2", "--tcp-backend", "10.0.0.1:1",
		"--resource-pattern", "^db-([a-z]+)", "--user-timeout", "1h", "--skip-validation")
	var args []string
	for line := range strings.Lines(first.stdout) {
		if text, _, _ := strings.Cut(line, " # "); strings.HasPrefix(text, "--") {
			args = append(args, strings.TrimSpace(text))
		}
	}
	second := runWith(nil, append(args, "--print-config")...)
	origins := regexp.MustCompile(` # (default|flag)\n`)
	a, b := origins.ReplaceAllString(first.stdout, "\n"), origins.ReplaceAllString(second.stdout, "\n")
	if a != b || len(args) == 0 {
		t.Errorf("the printed configuration gives another one:\n%s\n%s\n%s", a, b, second.stderr)
	}
}

// process is the command as a process of its own.
type process struct {
	*exec.Cmd
	log *bufio.Scanner
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, ownCommand(t, args...))
}

// ownCommand is the command itself, with nothing in its environment.
func ownCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = []string{runMain + "=1"}
	return cmd
}

// start starts a process, which ends with the test at the latest.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &process{cmd, bufio.NewScanner(stderr)}
}

// awaitLog reads the log up to the first line that matches and returns the
// match's groups.
func (p *process) awaitLog(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var seen strings.Builder
	for p.log.Scan() {
		if m := re.FindStringSubmatch(p.log.Text()); m != nil {
			return m
		}
		seen.WriteString(p.log.Text() + "\n")
	}
	t.Fatalf("the log ended without %q:\n%s", pattern, seen.String())
	return nil
}

// wait reads the log to its end and returns the exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	for p.log.Scan() {
	}
	var exit *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

func (p *process) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// TestLife runs the command with a session through it, and ends it while the
// session stands: the first signal lets it go on, the second doesn't.
func TestLife(t *testing.T) {
	for _, impl := range []string{"reactor", "goroutine"} {
		t.Run(impl, func(t *testing.T) {
			backend, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer backend.Close()
			p := startProcess(t, "--impl", impl, "--tcp", "echo@127.0.0.1:0", "--tcp-backend", backend.Addr().String(),
				"--allow-cidr", "127.0.0.0/8", "--event-loops", "1")
			address := p.awaitLog(t, `msg=listening .*address=(\S+)`)[1]
			p.awaitLog(t, `msg=started`)

			client, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			conn, err := backend.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			exchange(t, client, conn)

			p.signal(t, statsSignal)
			p.awaitLog(t, `msg=statistics active=1 accepted=1 `)
			p.signal(t, syscall.SIGTERM)
			p.awaitLog(t, `msg=draining why=terminated sessions=1 `)
			exchange(t, client, conn)
			p.signal(t, os.Interrupt)
			p.awaitLog(t, `msg=statistics active=0 accepted=1 closed.drained=1 `)
			p.awaitLog(t, `msg="endpoint statistics" .*attempts.connected=1`)
			if code := p.wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if n, err := client.Read(make([]byte, 1)); err == nil {
				t.Errorf("%d bytes from a closed session", n)
			}
		})
	}
}

// exchange sends something each way.
func exchange(t *testing.T, a, b net.Conn) {
	t.Helper()
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		if _, err := io.WriteString(way[0], "hello"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(way[1], got); err != nil || string(got) != "hello" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := startProcess(t, "--tcp", "x@"+taken.Addr().String(), "--tcp-backend", "127.0.0.1:1")
	p.awaitLog(t, `level=ERROR msg=ended cause=.*in use`)
	if code := p.wait(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}
