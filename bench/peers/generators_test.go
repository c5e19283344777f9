//go:build linux

package main

import (
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseRecordedOutput(t *testing.T) {
	for _, c := range []struct {
		file       string
		parse      func(string) (*report.Report, error)
		operations uint64
		elapsed    time.Duration
		failures   uint64
	}{
		{"wrk.txt", parseWrk, 233928, 2 * time.Second, 0},
		{"wrk-failures.txt", parseWrk, 296, 3010 * time.Millisecond, 320},
		{"rr.txt", parseEpoll, 466050, 2 * time.Second, 0},
		{"rr-failures.txt", parseEpoll, 210550, 4 * time.Second, 50},
	} {
		r, err := c.parse(recorded(t, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if r.Operations != c.operations || r.Elapsed != c.elapsed || r.Failures.Total() != c.failures || r.Failed() != (c.failures > 0) {
			t.Errorf("%s: %d operations in %v, %d failures", c.file, r.Operations, r.Elapsed, r.Failures.Total())
		}
	}
}

func TestParseNonsense(t *testing.T) {
	for _, text := range []string{"", "unable to connect to 127.0.0.1:1 Connection refused\n", "  0 requests in 1.00s, 0.00B read\n", "99999999999999999999 requests in 1.00s, 1B read"} {
		if r, err := parseWrk(text); err == nil {
			t.Errorf("wrk %q: %+v", text, r)
		}
		if r, err := parseEpoll(text); err == nil {
			t.Errorf("rr %q: %+v", text, r)
		}
	}
	if r, err := parseEpoll("operations 0 failures 50 elapsed_ns 1000\n"); err == nil {
		t.Errorf("%+v out of nothing", r)
	}
}

func TestToolCommands(t *testing.T) {
	o := options{duration: 2500 * time.Millisecond, threads: 2}
	for id, want := range map[string][]string{
		"gen-http": {"bin", "-t", "2", "-c", "50", "-d", "3", "--timeout", "10", "-H", "Host: bench.example", "http://127.0.0.1:7/"},
		"gen-rr":   {"bin", "127.0.0.1", "7", "50", "2", "1024", "312", "3000"},
	} {
		if got := rowOf(id).rival.command(o, "bin", someAddress); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// answering serves connections until the test ends; answer gets what a
// connection sent and returns what goes back, nil to close.
func answering(t *testing.T, answer func([]byte) []byte) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn, answer) })
		}
	})
	return netip.MustParseAddrPort(listener.Addr().String())
}

func serve(conn net.Conn, answer func([]byte) []byte) {
	defer conn.Close()
	message := make([]byte, 1024)
	for {
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		back := answer(message)
		if _, err := conn.Write(back); err != nil || back == nil {
			return
		}
	}
}

// TestGeneratorInC compiles it and has it count.
func TestGeneratorInC(t *testing.T) {
	tool := epollTool()
	binary, err := tool.install(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answer   func([]byte) []byte
		failures uint64
	}{
		"echo":  {func(b []byte) []byte { return b }, 0},
		"wrong": {func(b []byte) []byte { b[len(b)-1]++; return b }, 4},
		"ended": {func([]byte) []byte { return nil }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			at := answering(t, c.answer)
			words := append([]string{binary, at.Addr().String()}, numbers(int64(at.Port()), 4, 2, 1024, 0, 100)...)
			out, _ := output(t.Context(), words)
			if c.failures > 0 {
				if want := "operations 0 failures 4 elapsed_ns 100000000\n"; out != want {
					t.Errorf("got %q, want %q", out, want)
				}
				return
			}
			if r, err := tool.parse(out); err != nil || r.Failed() || r.Operations == 0 {
				t.Errorf("%q: %v", out, err)
			}
		})
	}
}

func TestVersionOf(t *testing.T) {
	for want, words := range map[string][]string{
		"one":                    {"sh", "-c", "echo one; echo two"},
		"told, then failed":      {"sh", "-c", "echo told, then failed; exit 1"},
		"unknown: exit status 3": {"sh", "-c", "exit 3"},
	} {
		if got := versionOf(words); got != want {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
	if got := versionOf([]string{"/no/such/program"}); !strings.HasPrefix(got, "unknown: ") {
		t.Errorf("%q", got)
	}
}
