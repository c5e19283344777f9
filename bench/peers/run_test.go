//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun builds the binaries and measures for a moment, without anything that
// may not be installed.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--only", "rr1k-50", "--peers", "reactor,goroutine,direct", "--rounds", "2", "--duration", "50ms", "--out", dir}
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	values, err := os.ReadFile(filepath.Join(dir, "peers-part.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(string(values)) {
		if fields := strings.Split(strings.TrimSpace(line), ","); fields[3] == "operations" {
			order = append(order, fields[0]+" "+fields[2]+" failures "+fields[6])
		}
	}
	want := "1 reactor failures 0; 1 goroutine failures 0; 1 direct failures 0; " +
		"2 reactor failures 0; 2 goroutine failures 0; 2 direct failures 0"
	if got := strings.Join(order, "; "); got != want {
		t.Errorf("measured %s, want %s", got, want)
	}
	text, err := os.ReadFile(filepath.Join(dir, "peers-part.md"))
	if err != nil || !strings.Contains(string(text), "| 1 KiB, 50 connections | operations, 1/s |") {
		t.Errorf("%v: %s", err, text)
	}
}
