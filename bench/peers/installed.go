//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// installed returns the path of an installed program, or its bare name if there
// is none. Debian keeps servers in folders that aren't in every user's PATH.
func installed(name string) string {
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return name
}

// versionOf returns the first line that a version command prints. Some end
// with an error all the same.
func versionOf(words []string) string {
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" && err != nil {
		return "unknown: " + err.Error()
	}
	return strings.TrimSpace(line)
}

// commit names the source that the binaries are built from, "unknown" where
// there is no repository.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
