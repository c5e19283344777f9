package rules

import (
	"go/ast"
	"testing"
)

// banned are calls no test may make, by package or receiver ("" is any) and
// name, but in files that import unless.
var banned = []struct{ on, name, unless, why string }{
	{"time", "Sleep", "testing/synctest", "a test that waits for real time is slow or flaky: wait for the condition, or use testing/synctest"},
	{"", "Skip", "", "a skipped test passes unseen: what a test needs, scripts/deps.sh installs"},
	{"", "Skipf", "", "a skipped test passes unseen: what a test needs, scripts/deps.sh installs"},
	{"", "SkipNow", "", "a skipped test passes unseen: what a test needs, scripts/deps.sh installs"},
}

func TestTestsAreHonest(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				checkBanned(t, s, call)
			}
			return true
		})
	}
}

func checkBanned(t *testing.T, s *source, call *ast.CallExpr) {
	t.Helper()
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	on, _ := sel.X.(*ast.Ident)
	for _, b := range banned {
		named := sel.Sel.Name == b.name && (b.on == "" || on != nil && on.Name == b.on)
		if named && !s.imports(t, b.unless) {
			t.Errorf("%s: %s: %s", s.at(call), b.name, b.why)
		}
	}
}
