package top

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"acme":                            "acme",
		"a\x1b[31mb\x1b]0;title\x07":      "a?[31mb?]0;title?",
		"a\r\nb\tc\x00\x7f":               "a??b?c??",
		"\u009b2J":                        "?2J", // CSI of eight bits
		"bad\xff":                         "bad?",
		"\u202etxt.exe":                   "?txt.exe", // right to left
		"zero\u200bwidth":                 "zero?width",
		"e\u0301":                         "e\u0301",
		"\u0301e":                         "?e", // would stand on what is before it
		"Z" + strings.Repeat("\u0301", 6): "Z" + strings.Repeat("\u0301", 4) + "??",
		"日本語":                             "日本語",
		"\u2764\ufe0f":                    "\u2764",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, tt := range []struct {
		in   string
		most int
		want string
	}{
		{"acme", 4, "acme"}, {"acme", 3, "ac~"}, {"acme", 1, "~"}, {"acme", 0, ""}, {"acme", -1, ""}, {"", 0, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本~"}, {"日本語", 4, "日~"}, {"日本語", 2, "~"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"e\u0301e\u0301e", 2, "e\u0301~"},
	} {
		if got := truncate(tt.in, tt.most); got != tt.want {
			t.Errorf("%q to %d: %q, want %q", tt.in, tt.most, got, tt.want)
		}
	}
	if l, r := pad("ab", 4, false), pad("ab", 4, true); l != "ab  " || r != "  ab" {
		t.Errorf("%q %q", l, r)
	}
}

// isQuiet says that a terminal does nothing with a text but show it.
func isQuiet(text string) bool {
	return !slices.ContainsFunc([]rune(text), func(r rune) bool { return !unicode.IsPrint(r) })
}

// FuzzWidth: whatever a name is, it takes the columns that it is given.
func FuzzWidth(f *testing.F) {
	for _, seed := range []string{"acme", "\x1b[2J", "日本語", "e\u0301\u0301", "\u202e", "\xff\xfe", "👨‍👩‍👧"} {
		f.Add(seed, seed, 3)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		n &= 0xff
		for _, right := range []bool{false, true} {
			if text := pad(clean(a), n, right); columns(text) > n || columns(text) < n || !isQuiet(text) {
				t.Errorf("%q has %d columns, want %d", text, columns(text), n)
			}
		}
		l := line{}.say(good, a, b)
		fitting := l.fit(n)
		if fitting.columns() > n || !isQuiet(fitting.String()) {
			t.Errorf("%q has %d columns, want at most %d", fitting, fitting.columns(), n)
		}
		if l.columns() <= n && fitting.String() != l.String() {
			t.Errorf("%q was made %q without need", l, fitting)
		}
	})
}

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{formatCount(0), "0"}, {formatCount(99_999), "99999"}, {formatCount(100_000), "100k"}, {formatCount(12_345_678), "12M"}, {formatCount(2e10), "20G"}, {formatCount(unknown), "-"},
		{formatRate(0), "0"}, {formatRate(0.25), "0.2"}, {formatRate(9.94), "9.9"}, {formatRate(9.96), "10"}, {formatRate(unknown), "-"},
		{formatSize(0), "0B"}, {formatSize(1023), "1023B"}, {formatSize(1024), "1.0KiB"}, {formatSize(10 << 10), "10KiB"}, {formatSize(1023.9 * 1024), "1.0MiB"},
		{formatSize(3 << 40), "3.0TiB"}, {formatSize(unknown), "-"},
		{formatAge(0), "0.0s"}, {formatAge(9.96), "9s"}, {formatAge(59.9), "59s"}, {formatAge(61), "1m01s"}, {formatAge(3661), "1h01m"}, {formatAge(90_000), "1d01h"},
		{formatAge(1e7), "115d"}, {formatAge(unknown), "-"},
		{formatLag(0.0015), "1.5ms"}, {formatLag(0.2), "200ms"}, {formatLag(2), "2.0s"}, {formatPercent(0.456), "46%"}, {formatPercent(unknown), "-"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
