//go:build linux

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	unit       = "systemd/proxy-engine.service"
	socketUnit = "systemd/proxy-engine.socket"
)

// systemd runs systemd-analyze and returns what it says.
func systemd(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %q: %v: %s", args, err, out)
	}
	return string(out)
}

// TestUnit has systemd look at the unit, with the binary where it is here.
func TestUnit(t *testing.T) {
	b := build(t)
	dir := t.TempDir()
	var here []string
	for _, name := range []string{unit, socketUnit} {
		file := filepath.Join(dir, filepath.Base(name))
		moved := strings.ReplaceAll(text(t, name), "/usr/local/bin/proxy-engine", b.file)
		if err := os.WriteFile(file, []byte(moved), 0o600); err != nil {
			t.Fatal(err)
		}
		here = append(here, file)
	}
	if out := systemd(t, append([]string{"verify", "--man=no"}, here...)...); out != "" {
		t.Error(out)
	}
	// In tenths: the highest exposure that is taken.
	systemd(t, "security", "--offline=true", "--threshold=20", unit)
}

// TestUnitRuns tries the command lines with a configuration in a place of ours.
func TestUnitRuns(t *testing.T) {
	b := build(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("tcp-backend: db.example:5432\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(text(t, unit)) {
		key, command, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ExecStart" && key != "ExecStartPre" {
			continue
		}
		commands++
		args := strings.Fields(strings.ReplaceAll(command, "/etc/proxy-engine/config.yaml", config))
		b.check(t, nil, args[1:]...)
	}
	if commands != 2 {
		t.Errorf("%d commands, want a check and the run", commands)
	}
}
