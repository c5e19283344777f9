package naming

import (
	"strings"
	"testing"
)

func TestCut(t *testing.T) {
	for _, tt := range []struct{ expr, name, want string }{
		{`^db-([a-z0-9]+)(?:\.|$)`, "db-4f2a.reports", "4f2a"},
		{`^db-([a-z0-9]+)(?:\.|$)`, "db-4f2a", "4f2a"},
		{`^db-([a-z0-9]+)(?:\.|$)`, "shop", ""},
		{`([a-z]*)$`, "123", ""},
		{`_(.+)`, "a_b_c", "b_c"},
	} {
		p, err := CompilePattern(tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(p.Cut([]byte(tt.name))); got != tt.want {
			t.Errorf("%s cuts %q out of %q, want %q", tt.expr, got, tt.name, tt.want)
		}
	}
	if got := string((*Pattern)(nil).Cut([]byte("shop"))); got != "shop" {
		t.Errorf("no pattern cuts %q", got)
	}
}

func TestPatternsWithoutOneGroup(t *testing.T) {
	for _, expr := range []string{"shop", "(a)(b)", "(", "(?:a)"} {
		if p, err := CompilePattern(expr); err == nil || p != nil {
			t.Errorf("%q: %v, %v, want an error", expr, p, err)
		}
	}
}

func TestAppendQuoted(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"", `""`},
		{"shop", `"shop"`},
		{"a\x00b\x1b[2J", `"a?b?[2J"`},
		{"\xff", `"?"`},
		{"\u202eabc", `"?abc"`},
		{"größe", `"größe"`},
		{strings.Repeat("x", 9), `"xxxxxxxx..."`},
		{"1234567ä9", `"1234567ä..."`},
	} {
		if got := string(AppendQuoted([]byte("before "), tt.name, 8)); got != "before "+tt.want {
			t.Errorf("%q becomes %s, want %s", tt.name, got, tt.want)
		}
	}
}
