//go:build linux

package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
)

func TestBackendUsageErrors(t *testing.T) {
	for line, want := range map[string]string{
		"echo --listen 192.0.2.1:80":  "--allow-remote",
		"echo --listen localhost:80":  "127.0.0.1:9000",
		"echo twice":                  "twice",
		"http --payload 0":            "at least 1",
		"slow --pace 0":               "at least 1",
		"echo --loops 0":              "at least 1",
		"http --tls-cert nowhere":     "nowhere",
		"echo --tls-key nowhere":      "open",
		"discard --loops 0 --pace -1": "below 2 GiB",
	} {
		t.Run(line, func(t *testing.T) {
			err := run(t.Context(), append([]string{"backend"}, strings.Fields(line)...), io.Discard)
			if err == nil || status(err) != 2 || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want something of %q", err, want)
			}
		})
	}
}

func TestBackendConfig(t *testing.T) {
	got, err := backendConfig(strings.Fields("slow --listen 0.0.0.0:90 --allow-remote --loops 3 --payload 2KiB --pace 5 --successor"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != backend.Slow || got.Addr.String() != "0.0.0.0:90" || !got.AllowRemote || got.Loops != 3 ||
		got.Payload != 2048 || got.Pace != 5 || !got.Inherit {
		t.Errorf("%+v", got)
	}
}

func TestSuccessorsCommandLineDoesNotGrow(t *testing.T) {
	args := []string{"slow", "--pace", "5"}
	first, err := successor(args, backend.Config{Loops: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"backend", "slow", "--pace", "5", "--loops", "3", "--successor"}
	if !slices.Equal(first[1:], want) {
		t.Errorf("%q, want %q", first[1:], want)
	}
	second, err := successor(first[2:], backend.Config{Loops: 3, Inherit: true})
	if err != nil || !slices.Equal(second, first) {
		t.Errorf("%q, %v, want %q", second, err, first)
	}
}

// TestBackendBeyondOneProcess has more connections than the descriptor limit
// of one process, or of two.
func TestBackendBeyondOneProcess(t *testing.T) {
	const limit, clients = "100", 90 // each process keeps 67 descriptors for itself
	// Or each process of the chain would wait for a second before it ends.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "ulimit -n "+limit+` && exec "$0" backend echo --loops 1`, os.Args[0])
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	line, err := out.ReadString('\n')
	addr := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	var conns []net.Conn
	for range clients {
		conns = append(conns, connect(t, addr))
	}
	for _, conn := range conns {
		echoes(t, conn)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if rest, readErr := io.ReadAll(out); err != nil || readErr != nil || len(rest) > 0 {
		t.Errorf("after %q came %q; %v, %v", line, rest, err, readErr)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// connect opens a connection that is served.
func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	echoes(t, conn)
	return conn
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
