//go:build linux

package packaging

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// dist runs the script for this system into a folder of its own.
func dist(t *testing.T, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "bash", "dist.sh")
	cmd.Env = append(os.Environ(), "DIST="+dir, "TARGETS="+runtime.GOOS+"/"+runtime.GOARCH, "VERSION=v1.2.3")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// unpack returns the files of an archive by name, and checks that nothing of
// this machine is in their heads.
func unpack(t *testing.T, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for r := tar.NewReader(packed); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Uid != 0 || head.Gid != 0 || head.Uname != "" || head.ModTime.Unix() != 1700000000 || head.Mode&0o022 != 0 {
			t.Errorf("%s: %+v", head.Name, head)
		}
		if files[head.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDist builds twice: both must be the same, and complete.
func TestDist(t *testing.T) {
	first := dist(t, "SOURCE_DATE_EPOCH=1700000000", "PROXY_HTTP=:80")
	second := dist(t, "SOURCE_DATE_EPOCH=1700000000")
	sums := text(t, filepath.Join(first, "SHA256SUMS"))
	if again := text(t, filepath.Join(second, "SHA256SUMS")); sums != again {
		t.Errorf("two builds differ:\n%s%s", sums, again)
	}
	name := "proxy-engine-v1.2.3-" + runtime.GOOS + "-" + runtime.GOARCH
	if !strings.HasSuffix(sums, "  "+name+".tar.gz\n") {
		t.Errorf("checksums: %s", sums)
	}
	files := unpack(t, filepath.Join(first, name+".tar.gz"))
	for _, want := range []string{
		"proxy-engine", "loadtest", "proxy-engine.8", "config.yaml", "completions/proxy-engine.bash", "completions/_proxy-engine",
		"completions/proxy-engine.fish", "systemd/proxy-engine.service", "systemd/proxy-engine.socket", "tune.sh", "LICENSE", "README.md", "docs/settings.md", "grafana/dashboard.json",
	} {
		if len(files[name+"/"+want]) == 0 {
			t.Errorf("no %s among %q", want, slices.Sorted(maps.Keys(files)))
		}
	}
	checkUnpacked(t, name, files)
}

// checkUnpacked runs the packed binary with the packed configuration.
func checkUnpacked(t *testing.T, name string, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	b, config := built{filepath.Join(dir, "proxy-engine")}, filepath.Join(dir, "config.yaml")
	for file, mode := range map[string]os.FileMode{b.file: 0o755, config: 0o600} {
		if err := os.WriteFile(file, files[name+"/"+filepath.Base(file)], mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.print(t, "--version"); !strings.HasPrefix(got, "proxy-engine v1.2.3 ") {
		t.Errorf("the version is %s", got)
	}
	b.check(t, nil, "--config", config, "--tcp-backend", "db.example:5432")
	for _, line := range strings.Split(string(files[name+"/config.yaml"]), "\n") {
		if line != "" && line[0] != '#' {
			t.Errorf("the example sets something: %s", line)
		}
	}
}
