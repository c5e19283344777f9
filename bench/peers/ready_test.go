//go:build linux

package main

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestListening(t *testing.T) {
	table := recorded(t, "proc-net-tcp.txt")
	for port, want := range map[uint16]int{12000: 2, 12001: 0, 5432: 1} {
		if got := listening(table, port); got != want {
			t.Errorf("port %d: %d, want %d", port, got, want)
		}
	}
}

func TestReadyWaitsForEveryProcess(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	if err := (&instance{at: at, processes: make([]*process, 1)}).knock(); err != nil {
		t.Error(err)
	}
	err = (&instance{at: at, processes: make([]*process, 2)}).knock()
	if err == nil || !strings.Contains(err.Error(), "1 of 2 processes listen") {
		t.Errorf("two processes, one socket: %v", err)
	}
}

func TestLaunchTellsWhyItEnded(t *testing.T) {
	listen, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir()}
	_, err = b.launch(t.Context(), plan{start: []string{"sh", "-c", "echo no config; exit 1"}, copies: 2}, listen)
	if err == nil || !strings.Contains(err.Error(), "no config") {
		t.Errorf("error is %v, want the program's words", err)
	}
	if _, err := b.launch(t.Context(), plan{start: []string{"/no/such/program"}}, listen); err == nil {
		t.Error("a program that isn't there starts")
	}
}
