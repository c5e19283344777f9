// Package rules holds the rules of the repository as tests: which package may
// import which, what must be documented, what code may not do. Each rule
// stands as data with its reason, which is what a failure prints.
package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// module is the module's path.
const module = "github.com/proxy-engine/proxy-engine"

// root is the repository, seen from here.
const root = "../.."

// source is one Go file, whatever system it is for.
type source struct {
	path string // from the root, with slashes
	file *ast.File
	fset *token.FileSet
}

// dir is the package's folder from the root.
func (s *source) dir() string { return path.Dir(s.path) }

func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// at is where a node stands, for failures.
func (s *source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	p.Filename = s.path
	return p.String()
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		s := &source{path: name, fset: token.NewFileSet()}
		s.file, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go file found")
	}
	return all
}

// skipped are the folders the go command skips too, and what was built.
func skipped(name string) bool {
	return name != "." && strings.HasPrefix(name, ".") || name == "testdata" || name == "bin"
}
