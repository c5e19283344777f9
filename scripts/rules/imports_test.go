package rules

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// importRule says what the packages in a folder and below may import. The
// rule of the longest matching folder holds. Test files are free: they run
// the package among real neighbours.
type importRule struct {
	dir string
	// ours are the project's folders that may be imported, with all below.
	ours []string
	// but are those of them that may not be.
	but []string
	// never are standard packages that may not be, with all below.
	never []string
	why   string
}

var importRules = []importRule{
	{
		dir:   "codecs",
		ours:  []string{"codecs"},
		never: []string{"net", "os", "time", "syscall", "context", "log", "sync"},
		why:   "a codec is a pure state machine: no I/O, no clock, no goroutine, so that any driver can run it and every split of its input can be tested",
	},
	{
		dir:  "codecs/codectest",
		ours: []string{"codecs"},
		why:  "it tests codecs without a driver",
	},
	{
		dir:  "engine/reactor",
		ours: nil,
		why:  "the reactor knows no protocol and no session",
	},
	{
		dir:  "engine/relay",
		ours: []string{"engine/reactor"},
		why:  "the relay moves bytes between two connections and knows nothing else",
	},
	{
		dir:  "engine/tlsterm",
		ours: []string{"codecs/clienthello", "engine/reactor", "resolve/filewatch"},
		why:  "TLS on a loop, and certificates, know no session and no protocol within",
	},
	{
		dir:  "resolve",
		ours: []string{"resolve"},
		why:  "a resolver can be used and replaced without the engine",
	},
	{
		dir:  "resolve/filewatch",
		ours: nil,
		why:  "it tells that files have changed, whatever is in them",
	},
	{
		dir:  "resolve/strictyaml",
		ours: nil,
		why:  "it reads YAML, whatever is in it",
	},
	{
		dir:  "upstream",
		ours: []string{"upstream", "resolve"},
		why:  "what is known about backends doesn't depend on how sessions are driven",
	},
	{
		dir:  "engine",
		ours: []string{"codecs", "engine", "resolve", "upstream"},
		but:  []string{"engine/admin"},
		why:  "the engine ties the parts together and knows nothing of who looks at it; imports go one way: cmd, engine, parts",
	},
	{
		dir:  "engine/admin",
		ours: []string{"codecs", "engine", "resolve", "upstream"},
		why:  "it looks at an engine, and at the parts whose figures it shows",
	},
	{
		dir:  "engine/admin/api",
		ours: nil,
		why:  "a client of the admin API needs nothing of the engine",
	},
	{
		dir:  "engine/enginetest",
		ours: []string{"codecs", "engine", "resolve"},
		why:  "it runs an engine for tests, and knows the protocol of none of them",
	},
	{
		dir:  "loadtest",
		ours: []string{"loadtest"},
		why:  "the load harness measures any proxy from outside, ours like the others",
	},
	{
		dir:  "cmd",
		ours: []string{"codecs", "engine", "loadtest", "resolve", "upstream"},
		why:  "commands wire the parts; nothing imports a command",
	},
	{
		dir:  "cmd/proxy-engine",
		ours: []string{"codecs", "engine", "resolve", "upstream", "cmd/proxy-engine/top"},
		why:  "it wires the parts; top is a subcommand with a package of its own",
	},
	{
		dir:  "cmd/proxy-engine/top",
		ours: []string{"engine/admin/api"},
		why:  "it shows what the admin API says, of this machine's proxy or another's",
	},
	{
		dir:  "bench",
		ours: []string{"bench", "codecs", "engine", "loadtest", "resolve", "upstream"},
		why:  "benchmarks look at every part; nothing imports them",
	},
}

// ruleOf returns the rule of a folder, nil if it has none.
func ruleOf(dir string) *importRule {
	var best *importRule
	for i := range importRules {
		r := &importRules[i]
		if within(dir, r.dir) && (best == nil || len(r.dir) > len(best.dir)) {
			best = r
		}
	}
	return best
}

// within says that p is dir or below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// allows says whether a package of the folder may import another.
func (r *importRule) allows(dir, imported string) bool {
	below := func(dir string) bool { return within(imported, dir) }
	own, isOurs := strings.CutPrefix(imported, module+"/")
	if !isOurs {
		return !slices.ContainsFunc(r.never, below)
	}
	imported = own
	return own == dir || slices.ContainsFunc(r.ours, below) && !slices.ContainsFunc(r.but, below)
}

func TestImportsGoOneWay(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		rule := ruleOf(s.dir())
		if rule == nil {
			t.Errorf("%s: no rule for this folder: add one to importRules, with its reason", s.path)
			continue
		}
		for _, spec := range s.file.Imports {
			if p := importPath(t, spec); !rule.allows(s.dir(), p) {
				t.Errorf("%s: %s may not import %s: %s", s.at(spec), rule.dir, p, rule.why)
			}
		}
	}
}

// TestHelpersOfTestsStayThere: what is named as package httptest is runs in
// tests, and in other such packages, only.
func TestHelpersOfTestsStayThere(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || isTestHelper(s.dir()) {
			continue
		}
		for _, spec := range s.file.Imports {
			if own, isOurs := strings.CutPrefix(importPath(t, spec), module+"/"); isOurs && isTestHelper(own) {
				t.Errorf("%s: %s is for tests", s.at(spec), own)
			}
		}
	}
}

// isTestHelper says that a folder is a package for tests; loadtest tests proxies.
func isTestHelper(dir string) bool {
	name := path.Base(dir)
	return strings.HasSuffix(name, "test") && name != "loadtest"
}

// imports says whether the file imports a package.
func (s *source) imports(t *testing.T, name string) bool {
	return slices.ContainsFunc(s.file.Imports, func(spec *ast.ImportSpec) bool { return importPath(t, spec) == name })
}

func importPath(t *testing.T, spec *ast.ImportSpec) string {
	t.Helper()
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestImportRulesTell(t *testing.T) {
	for _, tt := range []struct {
		dir, imported string
		want          bool
	}{
		{"codecs/postgres", "bytes", true},
		{"codecs/postgres", module + "/codecs", true},
		{"codecs/postgres", "net", false},
		{"codecs/postgres", "net/netip", false},
		{"codecs/postgres", module + "/resolve", false},
		{"codecs", module + "/engine", false},
		{"engine/reactor", "golang.org/x/sys/unix", true},
		{"engine/reactor", module + "/codecs", false},
		{"engine/relay", module + "/engine/reactor", true},
		{"engine/relay", module + "/engine", false},
		{"engine/tlsterm", module + "/resolve/filewatch", true},
		{"engine/tlsterm", module + "/resolve", false},
		{"engine", module + "/engine/relay", true},
		{"engine", module + "/cmd/proxy-engine", false},
		{"resolve", module + "/engine", false},
		{"resolve/filewatch", module + "/resolve", false},
		{"upstream", module + "/codecs", false},
		{"cmd/proxy-engine", module + "/engine", true},
	} {
		if got := ruleOf(tt.dir).allows(tt.dir, tt.imported); got != tt.want {
			t.Errorf("%s imports %s: allowed is %v, want %v", tt.dir, path.Base(tt.imported), got, tt.want)
		}
	}
}
