// Package naming is what front ends share about names from the wire: cutting
// a resource id out of one, and quoting one back.
package naming

import (
	"fmt"
	"regexp"
)

// Pattern is a regular expression with exactly one capture group. Safe for
// concurrent use.
type Pattern struct{ expr *regexp.Regexp }

// CompilePattern returns the pattern of a regular expression in Go's syntax,
// whose one capture group is the resource id. It matches anywhere in the name
// unless ^ and $ say otherwise.
func CompilePattern(expr string) (*Pattern, error) {
	compiled, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	if n := compiled.NumSubexp(); n != 1 {
		return nil, fmt.Errorf("pattern %q has %d capture groups, want exactly one"+
			" (a group that captures nothing is written (?:...))", expr, n)
	}
	return &Pattern{expr: compiled}, nil
}

// Cut returns the resource id within name, which aliases it: nil when there is
// none, the whole name when p is nil. It allocates unless p is nil.
func (p *Pattern) Cut(name []byte) []byte {
	if p == nil {
		return name
	}
	at := p.expr.FindSubmatchIndex(name)
	if at == nil || at[2] == at[3] {
		return nil
	}
	return name[at[2]:at[3]]
}
