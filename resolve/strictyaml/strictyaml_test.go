package strictyaml

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

func TestFields(t *testing.T) {
	c := Chunk{Source: "a: 007\nb: [x]\na: 2\n'c d': |\n  e\n  f\n", Scope: Scope{Offset: 10, Within: "here: "}}
	body, err := c.Parse()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := c.Fields(body)
	if err == nil || err.Error() != `line 13: here: "a" is there already, in line 11` {
		t.Errorf("got %v", err)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, "|"); got != "a|b|c d" {
		t.Fatalf("got %s", got)
	}
	for i, want := range map[int]string{0: "007", 2: "e\nf\n"} {
		if got, err := c.Text(fields[i].Value); got != want || err != nil {
			t.Errorf("%s is %q, %v", fields[i].Name, got, err)
		}
	}
	if _, err := c.Text(fields[1].Value); err == nil || !strings.HasPrefix(err.Error(), "line 12: here: want text, found sequence") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Fields(fields[1].Value); err == nil || !strings.HasPrefix(err.Error(), "line 12: here: want a mapping") {
		t.Errorf("got %v", err)
	}
	if c.Line(fields[2].Key) != 14 {
		t.Errorf("in line %d", c.Line(fields[2].Key))
	}
}

// TestEveryFaultIsTold: one fault of a mapping doesn't hide the next.
func TestEveryFaultIsTold(t *testing.T) {
	c := Chunk{Source: "a: 1\na: 2\na: 3\n~: 4\nc: 5\n"}
	body, err := c.Parse()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := c.Fields(body)
	if err == nil || strings.Count(err.Error(), "\n") != 2 || len(fields) != 2 {
		t.Errorf("%d fields, %v", len(fields), err)
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "line 6: want one YAML document",
		"a: 1\n---\nb: 2\n":      "line 6: want one YAML document",
		"a: 1\nb: 'secret\n":     "line ",
		strings.Repeat("[", 65):  "line 6: nested more than 64 levels deep",
		strings.Repeat("- ", 65): "line 6: nested more than 64 levels deep",
	} {
		_, err := Chunk{Source: text, Scope: Scope{Offset: 5}}.Parse()
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: whatever it is given, lines of faults and nodes are within the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a: 1\nb: [x, y]\n", "a: {b: c}\n", "? a\n: b\n", "a: &x 1\nb: *x\n", "a: !!str 1\n", "- a\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 { // the parser takes time in the square
			return
		}
		c := Chunk{Source: text}
		body, err := c.Parse()
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		fields, _ := c.Fields(body)
		for _, field := range fields {
			for _, n := range []ast.Node{field.Key, field.Value} {
				if line := c.Line(n); line < 1 || line > lines {
					t.Errorf("%q: line %d of %d", text, line, lines)
				}
			}
		}
	})
}
