package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// echoServer is a backend that says what it hears.
func echoServer(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// generations is the command as one process after the other, each started by the one
// before. All write to the first one's log, which ends with the last of them.
type generations struct {
	*process
	t       *testing.T
	dir     string
	address string // where clients connect
	pids    []int
	client  *http.Client // of operators
}

// startGenerations starts the first, whose settings are lines of its configuration file.
func startGenerations(t *testing.T, impl string, lines ...string) *generations {
	t.Helper()
	dir, err := os.MkdirTemp("", "upgrade") // t.TempDir's name is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	g := &generations{t: t, dir: dir}
	g.configure(append(lines, "impl: "+impl, `tcp: ["echo@127.0.0.1:0"]`, "allow-cidr: [127.0.0.0/8]",
		"admin: unix:"+g.socket())...)
	g.process = startProcess(t, "--config", g.file())
	g.address = g.awaitLog(t, `msg=listening listener=echo .*address=(\S+)`)[1]
	g.awaitLog(t, `msg=started`)
	g.pids = []int{g.Process.Pid}
	t.Cleanup(func() {
		for _, pid := range g.pids[1:] {
			_ = syscall.Kill(pid, syscall.SIGKILL) // if the test has failed
		}
	})
	g.client = operatorsClient(g.socket())
	return g
}

// operatorsClient is one of the server at a unix socket.
func operatorsClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
}

func (g *generations) file() string { return filepath.Join(g.dir, "config.yaml") }

func (g *generations) socket() string { return filepath.Join(g.dir, "admin.sock") }

// configure writes the file that the next generation reads.
func (g *generations) configure(lines ...string) {
	g.t.Helper()
	if err := os.WriteFile(g.file(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// change replaces a line of the file by what follows its name.
func (g *generations) change(name, value string) {
	g.t.Helper()
	text, err := os.ReadFile(g.file())
	if err != nil {
		g.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, name+":") {
			lines[i] = name + ": " + value
		}
	}
	g.configure(lines...)
}

// tell sends a signal to the newest generation.
func (g *generations) tell(sig syscall.Signal) {
	g.t.Helper()
	if err := syscall.Kill(g.pids[len(g.pids)-1], sig); err != nil {
		g.t.Fatal(err)
	}
}

// upgrade starts a generation and waits until it has taken over.
func (g *generations) upgrade() {
	g.t.Helper()
	g.tell(upgradeSignal)
	pid, err := strconv.Atoi(g.awaitLog(g.t, `msg="upgraded.*pid=(\d+)`)[1])
	if err != nil {
		g.t.Fatal(err)
	}
	g.pids = append(g.pids, pid)
	g.awaitLog(g.t, `msg=draining why="another process has taken over"`)
}

// ask asks the operators' server of whoever serves it.
func (g *generations) ask(method, path string) (status int) {
	g.t.Helper()
	r, err := http.NewRequest(method, "http://localhost"+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("X-Proxy-Engine", "1")
	answer, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// conversation is one client, connected through to the backend.
type conversation struct{ net.Conn }

func converse(address string) (*conversation, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conversation{c}, nil
}

// exchange says something and wants to hear it.
func (c *conversation) exchange() error {
	const text = "hello"
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	heard := make([]byte, len(text))
	if _, err := io.ReadFull(c, heard); err != nil {
		return err
	}
	if string(heard) != text {
		return errors.New("heard something else than was said")
	}
	return nil
}

// visit connects, exchanges and goes.
func visit(address string) error {
	c, err := converse(address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.exchange()
}
