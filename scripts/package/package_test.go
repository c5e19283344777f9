//go:build linux

// Package packaging holds what proxy-engine is installed by against the binary
// itself: each file's flags and variables must be settings, its paths must
// exist, and what is built must run with nothing around it.
package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// root is the repository, seen from here.
const root = "../.."

// built is a binary that a test has built.
type built struct{ file string }

// build builds the binary as the archives have it. The go command's cache makes
// all but the first quick.
func build(t *testing.T) built {
	t.Helper()
	b := built{filepath.Join(t.TempDir(), "proxy-engine")}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", b.file, "./cmd/proxy-engine")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return b
}

// check runs --check with nothing in the environment but env, and wants no
// fault and no warning, but that there is no Redis of that name here.
func (b built) check(t *testing.T, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.file, append([]string{"--check"}, args...)...)
	cmd.Env = append([]string{}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	warnings := slices.DeleteFunc(strings.Split(stderr.String(), "\n"), func(line string) bool {
		return line == "" || strings.Contains(line, "redis: away")
	})
	if err != nil || len(warnings) > 0 || !strings.Contains(stdout.String(), "is valid") {
		t.Errorf("%q %q: %v: %s%s", env, args, err, stdout.String(), stderr.String())
	}
	b.knows(t, env)
}

// knows wants variables to be settings. Others are no fault to the binary, for
// other programs have some.
func (b built) knows(t *testing.T, env []string) {
	t.Helper()
	known := b.print(t, "--help")
	for _, entry := range env {
		if name, _, _ := strings.Cut(entry, "="); !strings.Contains(known, " "+name+"\n") && !strings.Contains(known, " "+name+",") {
			t.Errorf("%s is no setting", name)
		}
	}
}

// print returns what the binary prints.
func (b built) print(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), b.file, args...).Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}

// text reads a file of this folder.
func text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// decode reads a YAML file of this folder into a structure that must have all
// of its fields.
func decode(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(text(t, name)), into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
