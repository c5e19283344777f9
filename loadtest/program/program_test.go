//go:build linux

package program

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func free(t *testing.T) netip.AddrPort {
	t.Helper()
	ports, err := FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}

func TestPortsAreFreeAndDifferent(t *testing.T) {
	ports, err := FreePorts(50)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports {
		listener, err := net.Listen("tcp", port.String())
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
}

func TestReadyTellsWhyNot(t *testing.T) {
	p, err := Start("/bin/sh", "-c", "echo no such thing; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if err := Ready(t.Context(), free(t), p); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("%v", err)
	}
}

func TestReadyEndsWithTheContext(t *testing.T) {
	p, err := Start("/bin/cat", "/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Ready(ctx, free(t), p); err == nil {
		t.Error("no error")
	}
}

func TestListening(t *testing.T) {
	table, err := os.ReadFile("testdata/proc-net-tcp.txt")
	if err != nil {
		t.Fatal(err)
	}
	for port, want := range map[uint16]int{12000: 2, 12001: 0, 5432: 1} {
		if got := listening(string(table), port); got != want {
			t.Errorf("port %d: %d, want %d", port, got, want)
		}
	}
}

func TestReadyWaitsForEveryProgram(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	if err := knock(at, 1); err != nil {
		t.Error(err)
	}
	if err := knock(at, 2); err == nil || !strings.Contains(err.Error(), "1 of 2 processes listen") {
		t.Errorf("two programs, one socket: %v", err)
	}
}

func TestStop(t *testing.T) {
	p, err := Start("/bin/cat", "/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if err := syscall.Kill(p.PID(), 0); err != syscall.ESRCH {
		t.Errorf("the process still stands: %v", err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	var out tail
	for range 100 {
		_, _ = out.Write(make([]byte, 10_000))
	}
	if len(out.kept) != keptOutput {
		t.Errorf("%d bytes kept, want %d", len(out.kept), keptOutput)
	}
}
