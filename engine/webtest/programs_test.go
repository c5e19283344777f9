package webtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// python is Debian's own, whatever comes first in PATH.
const python = "/usr/bin/python3"

// checkInstalled tells in one sentence what would else fail in many ways.
func checkInstalled() error {
	modules := exec.Command("node", "-e", "require('ws'); require('undici')")
	modules.Dir = filepath.Join("testdata", "node")
	for _, probe := range []*exec.Cmd{
		exec.Command("curl", "--version"), exec.Command("h2load", "--version"), exec.Command(nginxProgram(), "-v"),
		exec.Command(python, "-c", "import http.server"), exec.Command("sh", "-c", "command -v wrk"), modules,
	} {
		if out, err := probe.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: scripts/deps.sh test installs what is missing: %s", probe, err, out)
		}
	}
	return nil
}

// ran is what became of a program.
type ran struct {
	stdout, stderr string
	code           int // its exit code; -1 if a signal ended it
}

// run runs a program to its end. Whether it failed is for the caller to judge.
func run(t *testing.T, program string, args ...string) ran {
	t.Helper()
	return runWith(t, nil, program, args...)
}

// runWith is run with something to read.
func runWith(t *testing.T, stdin io.Reader, program string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*enginetest.Patience)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v: %s", cmd, err, stderr.String())
	}
	return ran{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

// succeeds fails the test if the program has failed, and returns its output.
func (r ran) succeeds(t *testing.T) string {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// node runs a script of testdata/node.
func node(t *testing.T, script string, args ...string) ran {
	t.Helper()
	return run(t, "node", append([]string{filepath.Join("testdata", "node", script)}, args...)...)
}

// curl asks a host of the proxy.
func curl(t *testing.T, p *proxy, stdin io.Reader, args ...string) ran {
	t.Helper()
	return runWith(t, stdin, "curl", append([]string{"-q", "-sS", "--connect-to", "::" + p.Address()}, args...)...)
}

// service is a server program that runs.
type service struct {
	cmd  *exec.Cmd
	addr string
	end  syscall.Signal // that ends it at once
	done bool
}

// serve runs a server until the end of the test. It prints its address first
// of all.
func serve(t *testing.T, program string, args ...string) *service {
	t.Helper()
	s := &service{cmd: exec.Command(program, args...), end: syscall.SIGKILL}
	stdout, err := s.cmd.StdoutPipe()
	enginetest.Must(t, err)
	s.start(t)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	enginetest.Must(t, err)
	s.addr = strings.TrimSpace(line)
	return s
}

func (s *service) start(t *testing.T) {
	t.Helper()
	s.cmd.Stderr = os.Stderr
	enginetest.Must(t, s.cmd.Start())
	t.Cleanup(s.kill)
}

// kill ends it and returns when it is gone.
func (s *service) kill() {
	if s.done {
		return
	}
	s.done = true
	_ = s.cmd.Process.Signal(s.end) // which it may have forestalled
	_ = s.cmd.Wait()
}

// serveNode runs the server of testdata/node.
func serveNode(t *testing.T) *service {
	t.Helper()
	return serve(t, "node", filepath.Join("testdata", "node", "server.js"))
}

// servePython runs the server of testdata/python for the files of a folder.
func servePython(t *testing.T, dir string) *service {
	t.Helper()
	return serve(t, python, filepath.Join("testdata", "python", "server.py"), dir)
}
