//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunTLS measures the TLS rows through the peer that is this program.
func TestRunTLS(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--only", "tls", "--peers", cryptoTLS, "--rounds", "1", "--duration", "50ms", "--sessions", "50", "--out", dir}
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	values, err := os.ReadFile(filepath.Join(dir, tlsName+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]bool{}
	for line := range strings.Lines(string(values)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if fields[1] == "row" {
			continue
		}
		if measured[fields[1]] = true; fields[2] != cryptoTLS || fields[4] == "" || fields[6] != "0" {
			t.Errorf("measured %s", line)
		}
	}
	if len(measured) != len(tlsRows()) {
		t.Errorf("rows %v", measured)
	}
	text, err := os.ReadFile(filepath.Join(dir, tlsName+".md"))
	if err != nil || !strings.Contains(string(text), "- TLS rows: TLS 1.3, ") {
		t.Errorf("%v: %s", err, text)
	}
}
