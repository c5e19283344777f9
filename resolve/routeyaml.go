package resolve

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// scope makes faults of a part of a file: it knows what the parser's line
// numbers lack, and what the part is about.
type scope struct {
	// offset is the number of lines before the part.
	offset int
	// within stands before the text of a fault: "route \"orders\": " or nothing.
	within string
}

func (s scope) line(n ast.Node) int { return s.offset + n.GetToken().Position.Line }

func (s scope) fault(n ast.Node, format string, args ...any) error {
	return s.faultAt(s.line(n), format, args...)
}

func (s scope) faultAt(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s%w", line, s.within, fmt.Errorf(format, args...))
}

// field is one entry of a mapping.
type field struct {
	name       string
	key, value ast.Node
}

// fields returns the entries of a mapping in their order; a name that is there
// twice is a fault.
func (s scope) fields(n ast.Node) ([]field, error) {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		return nil, s.fault(n, "want a mapping, found %s", n.Type().YAMLName())
	}
	fields := make([]field, 0, len(mapping.Values))
	lines := make(map[string]int, len(mapping.Values))
	for _, entry := range mapping.Values {
		name, err := s.text(entry.Key)
		if err != nil {
			return nil, err
		}
		if first := lines[name]; first != 0 {
			return nil, s.fault(entry.Key, "%q is there already, in line %d", name, first)
		}
		lines[name] = s.line(entry.Key)
		fields = append(fields, field{name: name, key: entry.Key, value: entry.Value})
	}
	return fields, nil
}

// text returns a scalar as it is written. Numbers and booleans are not
// interpreted: 007 stays 007.
func (s scope) text(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	default:
		return "", s.fault(n, "want text, found %s: put it in quotes if it is meant as text", n.Type().YAMLName())
	}
}

// chunk is a part of a file, of whole lines.
type chunk struct {
	text string
	scope
}

// parse returns the one document of a chunk. Duplicate keys are left to
// fields, for the parser's message has a line number of its own.
func (c chunk) parse() (body ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, c.faultAt(c.offset+1, "the YAML parser gave up: %v", p)
		}
	}()
	if tooNested(c.text) {
		return nil, c.faultAt(c.offset+1, "nested more than %d levels deep", maxNesting)
	}
	file, err := parser.ParseBytes([]byte(c.text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, c.syntaxFault(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, c.faultAt(c.offset+1, "want one YAML document")
	}
	return file.Docs[0].Body, nil
}

// syntaxFault leaves out the excerpt of the file that the parser's error
// carries: it may show a secret.
func (c chunk) syntaxFault(err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return c.faultAt(c.offset+1, "malformed YAML")
	}
	message, _, _ := strings.Cut(syntax.GetMessage(), "\n")
	return c.faultAt(c.offset+syntax.GetToken().Position.Line, "%s", message)
}

// maxNesting is far more than a routes file has use for. The parser calls
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
