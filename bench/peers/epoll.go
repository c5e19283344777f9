//go:build linux

package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// epollSource is a generator in C that does what loadtest rr does.
//
//go:embed testdata/rr.c
var epollSource []byte

// epollTool is that generator, compiled when it is wanted.
func epollTool() tool {
	return tool{
		name:    "C epoll",
		install: compileEpoll,
		version: func(string) []string { return []string{"cc", "--version"} },
		parse:   parseEpoll,
	}
}

func compileEpoll(ctx context.Context, dir string) (string, error) {
	source, binary := filepath.Join(dir, "rr.c"), filepath.Join(dir, "rr")
	if err := os.WriteFile(source, epollSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "cc", "-O2", "-Wall", "-Werror", "-pthread", "-o", binary, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compiling rr.c: %w %s", err, out)
	}
	return binary, nil
}

func epollCommand(o options, binary string, at netip.AddrPort, conns, payload int) []string {
	return append([]string{binary, at.Addr().String()}, numbers(
		int64(at.Port()), int64(conns), int64(o.threads), int64(payload), o.warmUp().Milliseconds(), int64(seconds(o))*1000)...)
}

func numbers(of ...int64) []string {
	words := make([]string, len(of))
	for i, n := range of {
		words[i] = fmt.Sprint(n)
	}
	return words
}

// parseEpoll reads the one line it prints.
func parseEpoll(output string) (*report.Report, error) {
	var operations, failures uint64
	var elapsed int64
	_, err := fmt.Sscanf(output, "operations %d failures %d elapsed_ns %d\n", &operations, &failures, &elapsed)
	if err != nil {
		return nil, fmt.Errorf("unexpected output of the generator in C: %q", output)
	}
	return counted("rr", operations, failures, time.Duration(elapsed))
}
