//go:build linux

package packaging

import (
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestDockerfile: what the image has exists, and the binary is built as the
// archives' are.
func TestDockerfile(t *testing.T) {
	file := text(t, "Dockerfile")
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(file, -1) {
		for name := range strings.FieldsSeq(m[1]) {
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, want := range []string{
		"\nFROM scratch\n", "\nUSER 65532:65532\n", "\nENTRYPOINT [\"/proxy-engine\"]\n",
		"CGO_ENABLED=0", "-trimpath", "-s -w -buildid=", "-X main.stamped=", "./cmd/proxy-engine",
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %q", want)
		}
	}
	_, stage, _ := strings.Cut(file, "FROM scratch")
	for _, m := range regexp.MustCompile(`(?m)^COPY --from=build (\S+)`).FindAllStringSubmatch(stage, -1) {
		if built := strings.HasPrefix(m[1], "/out/"); built && !strings.Contains(file, "-o "+m[1]+" ") {
			t.Errorf("nothing builds %s", m[1])
		} else if !built && m[1] != "/etc/ssl/certs/ca-certificates.crt" {
			t.Errorf("%s isn't known to be in the image it is built in", m[1])
		}
	}
	gitignore := text(t, filepath.Join(root, ".gitignore"))
	for line := range strings.Lines(text(t, "Dockerfile.dockerignore")) {
		if !strings.HasPrefix(line, "#") && !strings.Contains("\n"+gitignore, "\n"+line) {
			t.Errorf("%s is left out of the image's context, and git has it", line)
		}
	}
}

// TestRunsInAnEmptyRoot is the image without Docker: a root folder with nothing
// but the binary, and a user without rights.
func TestRunsInAnEmptyRoot(t *testing.T) {
	b := build(t)
	binary, err := elf.Open(b.file)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("isn't static: %q, %v", libraries, err)
	}
	empty := filepath.Dir(b.file)
	if err := os.Chmod(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := inside(t.Context(), empty, "/proxy-engine", "--check", "--postgres", ":5432", "--tcp-backend", "10.0.0.1:5432", "--allow-cidr", "10.0.0.0/8")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "the configuration is valid\n") {
		t.Errorf("%v: %s", err, out)
	}
}

// inside runs a program in another root folder: as root with the image's user,
// else in a user namespace, where anybody may.
func inside(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532}
		return cmd
	}
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getgid(), Size: 1}}
	return cmd
}
