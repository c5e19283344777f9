package top

import (
	"reflect"
	"strings"
	"testing"
)

func codes(all ...code) (keys []key) {
	for _, c := range all {
		keys = append(keys, key{code: c})
	}
	return keys
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []key
	}{
		{"qé日", []key{{letter, 'q'}, {letter, 'é'}, {letter, '日'}}},
		{"\r\n\t\x7f\b\x03\x1a\x0c\x15\x01", codes(enter, enter, tab, backspace, backspace, interrupt, suspend, redraw, clearLine, unknownKey)},
		{"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA\x1bOB", codes(up, down, right, left, up, down)},
		{"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1bOH\x1bOF", codes(home, end, home, end, home, end, home, end)},
		{"\x1b[5~\x1b[6~\x1b[Z\x1bOM", codes(pageUp, pageDown, backTab, enter)},
		{"\x1b[1;5A\x1b[5;2~", codes(up, pageUp)}, // with Ctrl, Shift
		{"\x1b[[A\x1b[15~\x1bOP", codes(unknownKey, unknownKey, unknownKey)},
		{"\x1bq", []key{{code: escape}, {letter, 'q'}}},
		{"\x1b\x1b[A", codes(escape, up)},
		{"\x1b[\x03", codes(unknownKey, interrupt)},
		{"\x1b[" + strings.Repeat("1", 30) + "q", []key{{}, {letter, 'q'}}},
		{"\xff\xc3(", []key{{}, {}, {letter, '('}}},
	} {
		if got := new(parser).feed([]byte(tt.in)); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestEscapeAlone(t *testing.T) {
	for in, want := range map[string]code{"\x1b": escape, "\x1b[": unknownKey, "\x1bO": unknownKey, "\xe6": unknownKey} {
		var p parser
		if keys := p.feed([]byte(in)); len(keys) != 0 || !p.waits() {
			t.Errorf("%q: %v", in, keys)
		}
		if keys := p.flush(); !reflect.DeepEqual(keys, codes(want)) || p.waits() {
			t.Errorf("%q: %v", in, keys)
		}
	}
}

// FuzzKeys: the keys are the same, whatever parts their bytes come in, and what is
// held is bounded.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"\x1b[A", "\x1bOA\x1b", "\x1b[[A", "日本", "\x1b[1;5~q", "\x1b[" + strings.Repeat("9", 40)} {
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(func(t *testing.T, in []byte, at int) {
		var whole, parts, single parser
		want := whole.feed(in)
		at = int(uint(at) % uint(len(in)+1))
		got := append(parts.feed(in[:at]), parts.feed(in[at:])...)
		var one []key
		for i := range in {
			one = append(one, single.feed(in[i:i+1])...)
			if len(single.held) > maxSequence {
				t.Fatalf("%d bytes are held", len(single.held))
			}
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(one, want) || string(parts.held) != string(whole.held) {
			t.Errorf("%q: %v, split at %d %v, each byte alone %v", in, want, at, got, one)
		}
	})
}
