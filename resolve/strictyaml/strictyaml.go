// Package strictyaml reads YAML files that people write, and tells them in which
// line something is wrong: a name that is there twice, a value of another kind
// than is wanted, an anchor or a tag. It quotes no more of a file than names
// and short values, for the rest may be secret.
package strictyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Scope makes faults of a part of a file: it knows what the parser's line
// numbers lack, and what the part is about.
type Scope struct {
	// Offset is the number of lines before the part.
	Offset int
	// Within stands before the text of a fault: "route \"orders\": " or nothing.
	Within string
}

// Line is the node's line in the file, from 1.
func (s Scope) Line(n ast.Node) int { return s.Offset + n.GetToken().Position.Line }

// Fault is an error about a node, headed by its line.
func (s Scope) Fault(n ast.Node, format string, args ...any) error {
	return s.FaultAt(s.Line(n), format, args...)
}

// FaultAt is an error about a line of the file.
func (s Scope) FaultAt(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s%w", line, s.Within, fmt.Errorf(format, args...))
}

// Field is one entry of a mapping.
type Field struct {
	// Name is the key as it is written.
	Name string
	// Key and Value are the nodes, for faults.
	Key, Value ast.Node
}

// Fields returns the entries of a mapping in their order, and a fault for each
// that isn't among them: its name is there already, or is no text.
func (s Scope) Fields(n ast.Node) ([]Field, error) {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		return nil, s.Fault(n, "want a mapping, found %s", n.Type().YAMLName())
	}
	var faults []error
	fields := make([]Field, 0, len(mapping.Values))
	lines := make(map[string]int, len(mapping.Values))
	for _, entry := range mapping.Values {
		name, err := s.Text(entry.Key)
		if first := lines[name]; err == nil && first != 0 {
			err = s.Fault(entry.Key, "%q is there already, in line %d", name, first)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		lines[name] = s.Line(entry.Key)
		fields = append(fields, Field{Name: name, Key: entry.Key, Value: entry.Value})
	}
	return fields, errors.Join(faults...)
}

// Text returns a scalar as it is written. Numbers and booleans are not
// interpreted: 007 stays 007.
func (s Scope) Text(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	default:
		return "", s.Fault(n, "want text, found %s: put it in quotes if it is meant as text", n.Type().YAMLName())
	}
}

// Chunk is a part of a file, of whole lines, or all of it.
type Chunk struct {
	// Source is the part; Scope.Offset lines stand before it.
	Source string
	Scope
}

// Parse returns the one document of a chunk. Duplicate keys are left to
// Fields, for the parser's message has a line number of its own.
func (c Chunk) Parse() (body ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, c.FaultAt(c.Offset+1, "the YAML parser gave up: %v", p)
		}
	}()
	if tooNested(c.Source) {
		return nil, c.FaultAt(c.Offset+1, "nested more than %d levels deep", maxNesting)
	}
	file, err := parser.ParseBytes([]byte(c.Source), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, c.syntaxFault(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, c.FaultAt(c.Offset+1, "want one YAML document")
	}
	return file.Docs[0].Body, nil
}

// syntaxFault leaves out the excerpt of the file that the parser's error
// carries: it may show a secret.
func (c Chunk) syntaxFault(err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return c.FaultAt(c.Offset+1, "malformed YAML")
	}
	message, _, _ := strings.Cut(syntax.GetMessage(), "\n")
	return c.FaultAt(c.Offset+syntax.GetToken().Position.Line, "%s", message)
}

// maxNesting is far more than a file has use for. The parser calls
// itself for every level, and in the square of their number it takes time.
const maxNesting = 64

// tooNested counts what may open a level, whether it is quoted or not: [ and {
// that aren't closed, and the indicators "-" and "?" of one line.
func tooNested(text string) bool {
	brackets, indicators := 0, 0
	for i, c := range []byte(text) {
		switch c {
		case '[', '{':
			brackets++
		case ']', '}':
			brackets = max(0, brackets-1)
		case '-', '?':
			if i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t' {
				indicators++
			}
		case '\n':
			indicators = 0
		}
		if brackets > maxNesting || indicators > maxNesting {
			return true
		}
	}
	return false
}
