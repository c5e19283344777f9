//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	head "github.com/proxy-engine/proxy-engine/loadtest/headline"
)

// buildEngine builds the program under test.
func buildEngine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "proxy-engine")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/proxy-engine/proxy-engine/cmd/proxy-engine").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestHeadlineStartsEverythingItself(t *testing.T) {
	page := filepath.Join(t.TempDir(), "hold.html")
	var out bytes.Buffer
	err := run(t.Context(), []string{
		"headline", "--sessions", "300", "--ramp", "10000", "--duration", "100ms", "--quiet", "--json",
		"--html", page, "--proxy-engine", buildEngine(t),
	}, &out)
	if err != nil {
		t.Fatal(err, out.String())
	}
	var r head.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Hold.Sessions.Alive != 300 || r.Rate.Operations == 0 || r.Hold.Server.After.Descriptors < 600 {
		t.Errorf("sessions %+v, operations %d, server %+v", r.Hold.Sessions, r.Rate.Operations, r.Hold.Server)
	}
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("<svg")) {
		t.Errorf("the page has no plot: %v", err)
	}
}
