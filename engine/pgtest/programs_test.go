package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// python is Debian's own, which has Debian's psycopg2 whatever comes first in
// PATH.
const python = "/usr/bin/python3"

// checkInstalled tells in one sentence what would else fail in many ways.
func checkInstalled() error {
	psycopg2 := exec.Command(python, "-c", "import psycopg2")
	pg := exec.Command("node", "-e", "require('pg')")
	pg.Dir = filepath.Join("testdata", "node")
	for _, probe := range []*exec.Cmd{psycopg2, pg} {
		if out, err := probe.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: scripts/deps.sh test installs what is missing: %s", probe, err, out)
		}
	}
	return nil
}

// running is a program that runs.
type running struct {
	cmd            *exec.Cmd
	stdout, stderr strings.Builder
	ctx            context.Context
	cancel         context.CancelFunc
}

// launch starts a program, which is killed when the limit is over.
func launch(t *testing.T, limit time.Duration, program string, args ...string) *running {
	t.Helper()
	r := &running{}
	r.ctx, r.cancel = context.WithTimeout(t.Context(), limit)
	r.cmd = exec.CommandContext(r.ctx, program, args...)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// ran is what became of a program.
type ran struct {
	stdout, stderr string
	code           int // its exit code; -1 if a signal ended it
}

// wait returns when the program has ended. Whether it failed is for the caller
// to judge.
func (r *running) wait(t *testing.T) ran {
	t.Helper()
	defer r.cancel()
	err := r.cmd.Wait()
	if r.ctx.Err() != nil {
		t.Fatalf("%v: it had to be killed (%v): %s", r.cmd, err, r.stderr.String())
	}
	return ran{
		stdout: strings.TrimSpace(r.stdout.String()),
		stderr: strings.TrimSpace(r.stderr.String()),
		code:   r.cmd.ProcessState.ExitCode(),
	}
}

// run runs a program to its end.
func run(t *testing.T, program string, args ...string) ran {
	t.Helper()
	return launch(t, enginetest.Patience, program, args...).wait(t)
}

// succeeds fails the test if the program has failed, and returns its output.
func (r ran) succeeds(t *testing.T) string {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	return r.stdout
}

// psqlArguments make psql print values and nothing else, and errors with all
// their fields.
func psqlArguments(url string, more ...string) []string {
	return append([]string{"-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d", url}, more...)
}

func psql(t *testing.T, url string, more ...string) ran {
	t.Helper()
	return run(t, servers.farm.Program("psql"), psqlArguments(url, more...)...)
}

// psycopg runs a script of testdata/python.
func psycopg(t *testing.T, script string, args ...string) ran {
	t.Helper()
	return run(t, python, append([]string{filepath.Join("testdata", "python", script)}, args...)...)
}

// node runs a script of testdata/node.
func node(t *testing.T, script string, args ...string) ran {
	t.Helper()
	return run(t, "node", append([]string{filepath.Join("testdata", "node", script)}, args...)...)
}

// livePsql is a psql that runs and waits for input.
type livePsql struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr strings.Builder
}

// startPsql returns when psql has a session.
func startPsql(t *testing.T, url string) *livePsql {
	t.Helper()
	l := &livePsql{cmd: exec.CommandContext(t.Context(), servers.farm.Program("psql"), psqlArguments(url)...)}
	l.cmd.Stderr = &l.stderr
	if err := l.awaitSession(); err != nil {
		t.Fatal(err)
	}
	return l
}

// awaitSession starts psql, which prints nothing before it has a session.
func (l *livePsql) awaitSession() error {
	stdout, err := l.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := l.cmd.Start(); err != nil {
		return err
	}
	if _, err := io.WriteString(l.stdin, "\\echo ready\n"); err != nil {
		return err
	}
	_, err = bufio.NewReader(stdout).ReadString('\n')
	return err
}

// end has psql ask the server something and end, and returns its errors.
func (l *livePsql) end(t *testing.T) string {
	t.Helper()
	if _, err := io.WriteString(l.stdin, "select 1;\n"); err != nil {
		t.Error(err)
	}
	enginetest.CloseAll(t, l.stdin)
	_ = l.cmd.Wait() // what it says is what counts
	return l.stderr.String()
}
