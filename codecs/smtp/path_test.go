package smtp

import (
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	label := strings.Repeat("x", 63)
	for _, tt := range []struct {
		args, local, domain string
		ok                  bool
	}{
		{"TO:<a@b.example>", "a", "b.example", true},
		{"to:<a@B.Example> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c", "a", "B.Example", true},
		{"TO: <a@b>", "a", "b", true},
		{"TO:<>", "", "", true},
		{"TO:<Postmaster>", "Postmaster", "", true},
		{"TO:<a+b/c=d!e%f@b>", "a+b/c=d!e%f", "b", true},
		{"TO:<a..b.@b>", "a..b.", "b", true},
		{`TO:<"a b"@c>`, `"a b"`, "c", true},
		{`TO:<"a@b>"@c>`, `"a@b>"`, "c", true},
		{`TO:<"a\"@b"@c>`, `"a\"@b"`, "c", true},
		{"TO:<@r.example:a@b>", "a", "b", true},
		{"TO:<@r.example,@[192.0.2.1]:a@b>", "a", "b", true},
		{"TO:<a@[192.0.2.1]>", "a", "[192.0.2.1]", true},
		{"TO:<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]", true},
		{"TO:<größe@bücher.example>", "größe", "bücher.example", true},
		{"TO:<a@xn--bcher-kva.example>", "a", "xn--bcher-kva.example", true},
		{"TO:<a@b_c.example>", "a", "b_c.example", true},
		{"TO:<a@" + label + ">", "a", label, true},
		{args: "TO:<a@" + label + "x>"},
		{args: "TO:<a@" + strings.Repeat(label+".", 4) + "x>"},
		{args: "TO:a@b"},
		{args: "TO:<a@b"},
		{args: "TO:<a@b>x"},
		{args: "TO:<a@b>>"},
		{args: "TO:<a@b@c>"},
		{args: "TO:<a@b>,<c@d>"},
		{args: "TO:<a b@c>"},
		{args: "TO:<a@>"},
		{args: "TO:<@b>"},
		{args: "TO:<@b:>"},
		{args: "TO:<@b,:a@c>"},
		{args: "TO:<@b,a@c>"},
		{args: "TO:<@:a@b>"},
		{args: "TO:<a@b.>"},
		{args: "TO:<a@.b>"},
		{args: "TO:<a@b..c>"},
		{args: "TO:<a@[]>"},
		{args: "TO:<a@[b>"},
		{args: "TO:<a@[b]c>"},
		{args: "TO:<a@[<b>]>"},
		{args: `TO:<""@b>`},
		{args: `TO:<"a@b>`},
		{args: `TO:<"a"b@c>`},
		{args: `TO:<"a\`},
		{args: "TO:<a@b c>"},
		{args: "TO:<a@\xff>"},
		{args: "TO:"},
		{args: "TO"},
		{args: "FROM:<a@b>"},
		{args: ""},
	} {
		p, ok := parsePath([]byte(tt.args), "TO:")
		if ok != tt.ok || ok && (string(p.local) != tt.local || string(p.domain) != tt.domain) {
			t.Errorf("%q: %q, %q, %v", tt.args, p.local, p.domain, ok)
		}
	}
}
