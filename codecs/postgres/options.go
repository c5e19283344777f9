package postgres

import (
	"fmt"
	"regexp"
)

// Options configure the front end of one listener. The zero value is useful.
type Options struct {
	// ResourcePattern cuts the resource id out of the database name, or with
	// TLSPassthrough out of the server name; nil takes the whole name. A name
	// it doesn't match is an unknown resource.
	ResourcePattern *Pattern
	// TLS says what becomes of clients that ask for TLS, and of those that
	// don't.
	TLS TLSMode
}

// Pattern is a regular expression with exactly one capture group. Safe for
// concurrent use.
type Pattern struct{ expr *regexp.Regexp }

// CompilePattern returns the pattern of a regular expression in Go's syntax,
// whose one capture group is the resource id. It matches anywhere in the name
// unless ^ and $ say otherwise. For names such as "db-4f2a.reports", of which
// "4f2a" is the id:
//
//	^db-([A-Za-z0-9]+)(?:\.|$)
func CompilePattern(expr string) (*Pattern, error) {
	compiled, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("resource pattern: %w", err)
	}
	if n := compiled.NumSubexp(); n != 1 {
		return nil, fmt.Errorf("resource pattern %q has %d capture groups, want exactly one"+
			" (a group that captures nothing is written (?:...))", expr, n)
	}
	return &Pattern{expr: compiled}, nil
}

// cut returns the resource id within name, nil when there is none. It
// allocates unless p is nil.
func (p *Pattern) cut(name []byte) []byte {
	if p == nil {
		return name
	}
	at := p.expr.FindSubmatchIndex(name)
	if at == nil || at[2] == at[3] {
		return nil
	}
	return name[at[2]:at[3]]
}
