//go:build unix

package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// debianPrograms is where Debian keeps the programs of each version, out of
// PATH.
const debianPrograms = "/usr/lib/postgresql/*/bin"

// findPrograms returns the folder of the newest PostgreSQL server's programs.
func findPrograms() (string, error) {
	dirs, _ := filepath.Glob(debianPrograms) // fails for a malformed pattern only
	slices.SortFunc(dirs, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(initdb))
	}
	for _, dir := range dirs {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", errors.New("no PostgreSQL server, psql and pgbench found: scripts/deps.sh installs them")
}

// majorVersion is the 15 of /usr/lib/postgresql/15/bin.
func majorVersion(dir string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return 0
	}
	return n
}

// complete says whether a folder has what tests use.
func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres", "psql", "pgbench", "pg_isready"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// noAccount says what to do when root can't become somebody else.
func noAccount(err error) error {
	return fmt.Errorf("PostgreSQL refuses to run as root, and there is no user %s to run it (scripts/deps.sh installs both): %w", serverUser, err)
}
