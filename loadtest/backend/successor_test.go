//go:build linux

package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// successorWord is the first argument of a test binary that is a successor.
const successorWord = "successor"

// successorOf returns c with the command of a successor that serves the same.
func successorOf(c Config) Config {
	c.Successor = []string{os.Args[0], successorWord, strconv.Itoa(c.Loops), strconv.Itoa(c.MaxConns)}
	return c
}

// beSuccessor is what TestMain does in a successor.
func beSuccessor(args []string) error {
	c := Config{Inherit: true, Successor: os.Args}
	if _, err := fmt.Sscan(strings.Join(args, " "), &c.Loops, &c.MaxConns); err != nil {
		return err
	}
	server, err := Listen(c)
	if err != nil {
		return err
	}
	return server.Serve(context.Background())
}

// echoes has a byte echoed.
func echoes(t *testing.T, conn net.Conn) {
	t.Helper()
	b := []byte{42}
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, b); err != nil {
		t.Fatal(err)
	}
}

// crowd opens connections, all of which are served at once.
func crowd(t *testing.T, server *Server, n int) []net.Conn {
	t.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = connect(t, server.Addr())
		echoes(t, conns[i])
	}
	for _, conn := range conns {
		echoes(t, conn)
	}
	return conns
}

// adopt makes this process the parent of those whose own has died, so that
// none can hide.
func adopt(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// children lists the processes that this one or, if adopt was called, one
// below it has started.
func children(t *testing.T) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ") // after the name
		if fields := strings.Fields(rest); fields[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestChainOfSuccessors(t *testing.T) {
	// Or each process of the chain would wait for a second before it ends.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	adopt(t)
	for _, loops := range []int{1, 2} {
		t.Run(fmt.Sprint(loops, " loops"), func(t *testing.T) {
			const bound = 10
			before := descriptors(t)
			server, end := serve(t, successorOf(Config{Loops: loops, MaxConns: bound}))
			conns := crowd(t, server, 35)
			if s := server.Stats(); s.Accepted > bound || s.Accepted == 0 {
				t.Errorf("the first process has %d of 35 connections, its bound is %d", s.Accepted, bound)
			}
			if err := end(); err != nil {
				t.Error(err)
			}
			for _, conn := range conns {
				_ = conn.Close()
			}
			if left := children(t); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			if after := descriptors(t); after != before {
				t.Errorf("%d descriptors, %d before", after, before)
			}
		})
	}
}

func TestSuccessorsDieWithTheirParent(t *testing.T) {
	adopt(t)
	server, end := start(t, successorOf(Config{MaxConns: 2}))
	crowd(t, server, 6)
	for _, pid := range children(t) {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	err := end()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("a killed successor: %v", err)
	}
	// Those below it are this process's now; each of them ends.
	for err = nil; err == nil || errors.Is(err, unix.EINTR); {
		_, err = unix.Wait4(-1, nil, 0, nil)
	}
	if !errors.Is(err, unix.ECHILD) {
		t.Error(err)
	}
}

func TestSuccessorCannotBeStarted(t *testing.T) {
	for _, program := range []string{"/nonexistent", "false"} {
		server, err := Listen(Config{MaxConns: 1, Successor: []string{program}})
		if err != nil {
			t.Fatal(err)
		}
		connect(t, server.Addr())
		err = server.Serve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "successor") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestSuccessorNeedsItsParent(t *testing.T) {
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(loopback()))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for want, files := range map[string][]*os.File{
		"no listening socket": nil,
		"must be a pipe":      {file},
	} {
		cmd := exec.Command(os.Args[0], successorWord, "1", "1")
		cmd.ExtraFiles = files
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, %q, want %q", err, out, want)
		}
	}
}
