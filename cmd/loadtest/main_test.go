//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// startBackend runs the backend command and returns where it listens.
func startBackend(t *testing.T, kind string, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"backend", kind, "--loops", "1"}, flags...), out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	line := make([]byte, 100)
	n, err := in.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	if !ok {
		t.Fatalf("backend says %q", line[:n])
	}
	return addr
}

func TestEveryModeAsTextAndJSON(t *testing.T) {
	for _, c := range []struct{ mode, backend, flags string }{
		{"hold", "echo", "--sessions 20 --ramp 10000 --touch 64KiB --hold 0s"},
		{"hold", "echo", "--sessions 20 --ramp 10000 --hold 0s --processes 3"},
		{"rr", "echo", "--payload 1KiB --conns 3 --warm-up 0s --duration 50ms"},
		{"rr", "echo", "--payload 1KiB --conns 3 --rate 1000 --warm-up 0s --duration 50ms"},
		{"rate", "echo", "--conns 3 --warm-up 0s --duration 50ms"},
		{"bulk", "flood", "--duration 50ms"},
		{"http", "http", "--conns 3 --warm-up 0s --duration 50ms"},
		{"http", "http", "--conns 3 --rate 500 --check status --new-connections --warm-up 0s --duration 50ms"},
	} {
		t.Run(c.mode+" "+c.flags, func(t *testing.T) {
			args := append([]string{c.mode, "--quiet", "--target", startBackend(t, c.backend)}, strings.Fields(c.flags)...)
			var text, encoded bytes.Buffer
			if err := run(t.Context(), args, &text); err != nil {
				t.Fatal(err)
			}
			if err := run(t.Context(), append(args, "--json"), &encoded); err != nil {
				t.Fatal(err)
			}
			var r report.Report
			if err := json.Unmarshal(encoded.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			if r.Mode != c.mode || !strings.HasPrefix(text.String(), c.mode+" ") || len(r.Series) == 0 {
				t.Errorf("mode %q, %d samples, text %s", r.Mode, len(r.Series), text.String())
			}
		})
	}
}

func TestFailuresMakeTheStatus(t *testing.T) {
	var out bytes.Buffer
	// Nothing can listen at port 0.
	err := run(t.Context(), []string{"rate", "--target", "127.0.0.1:0", "--duration", "1s"}, &out)
	if !errors.Is(err, errFailed) || status(err) != 1 {
		t.Errorf("%v", err)
	}
	if !strings.Contains(out.String(), "refused") {
		t.Errorf("no kind of failure in %s", out.String())
	}
}

func TestUsageErrors(t *testing.T) {
	for _, line := range []string{
		"", "dance", "rr", "rr --conns", "rr --target 192.0.2.1:80", "rr --target 127.0.0.1:80 --pid x",
		"rr --target 127.0.0.1:80 --payload 1KB", "bulk --target 127.0.0.1:80 --direction up",
		"rr --target 127.0.0.1:80 --html /dev/null/page",
		"rr --target 127.0.0.1:80 more", "http --target 127.0.0.1:80 --check all", "headline --target 192.0.2.1:80",
		"backend", "backend discard", "backend echo --listen here",
		"rr --target 127.0.0.1:80 --tls-resume", "rr --target 127.0.0.1:80 --tls --tls-ca nowhere",
		"rr --target 127.0.0.1:80 --tls --tls-min 1.3 --tls-max 1.2", "rr --target 127.0.0.1:80 --tls --tls-max 1.1",
		"rr --target 127.0.0.1:80 --tls --tls-curve P-1", "rr --target 127.0.0.1:80 --tls --tls-key nowhere",
		"pg --target 127.0.0.1:80 --tls-negotiation direct", "pg --target 127.0.0.1:80 --tls --tls-negotiation later",
		"mongodb --target 127.0.0.1:80 --command drop",
	} {
		t.Run(line, func(t *testing.T) {
			err := run(t.Context(), strings.Fields(line), io.Discard)
			if err == nil || status(err) != 2 {
				t.Errorf("%v", err)
			}
		})
	}
	if err := run(t.Context(), []string{"rr", "--help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestByteCount(t *testing.T) {
	for text, want := range map[string]byteCount{
		"0": 0, "1024": 1024, "64KiB": 64 << 10, "1MiB": 1 << 20, "2047MiB": 2047 << 20,
	} {
		var b byteCount
		if err := b.Set(text); err != nil || b != want {
			t.Errorf("%s: %d, %v", text, b, err)
		}
		var again byteCount
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%s prints as %s: %d, %v", text, b.String(), again, err)
		}
	}
	for _, text := range []string{"", "-1", "KiB", "2048MiB", "1.5KiB", "1GiB"} {
		var b byteCount
		if b.Set(text) == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestPidList(t *testing.T) {
	var p pidList
	if err := errors.Join(p.Set("1,2"), p.Set(" 3")); err != nil || p.String() != "1 2 3" {
		t.Errorf("%v, %v", p, err)
	}
	if p.Set("0") == nil || p.Set("1,") == nil {
		t.Error("no error")
	}
}
