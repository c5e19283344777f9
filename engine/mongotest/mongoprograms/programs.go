package mongoprograms

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are the programs, built. Safe for concurrent use.
type Programs struct {
	built  string // the folder of the server and the Go driver's client
	source string // the folder of the others
}

// python is Debian's own, whatever comes first in PATH.
const python = "/usr/bin/python3"

// ownPath is this package's, by which its folder is found.
const ownPath = "github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"

// Build builds what has to be built, and tells in one sentence of what is
// missing, which would else fail in many ways. The caller closes it.
func Build() (*Programs, error) {
	own, err := exec.Command("go", "list", "-f", "{{.Dir}}", ownPath).Output()
	if err != nil {
		return nil, fmt.Errorf("where the programs are: %w", err)
	}
	built, err := os.MkdirTemp("", "mongodb-programs-")
	if err != nil {
		return nil, err
	}
	p := &Programs{built: built, source: filepath.Join(strings.TrimSpace(string(own)), "testdata")}
	if err := p.prepare(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Programs) prepare() error {
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", p.built+"/", "./...")
	build.Dir = filepath.Join(p.source, "programs")
	driver := exec.Command("node", "-e", "require('mongodb')")
	driver.Dir = filepath.Join(p.source, "node")
	for _, step := range []*exec.Cmd{build, driver, exec.Command(python, "-c", "import pymongo")} {
		if out, err := step.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: scripts/deps.sh test installs what is missing: %s", step, err, out)
		}
	}
	return nil
}

// Close removes what was built.
func (p *Programs) Close() error { return os.RemoveAll(p.built) }
