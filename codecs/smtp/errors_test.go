package smtp

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func TestRefusals(t *testing.T) {
	want := map[codecs.Kind]string{
		codecs.Internal:    "451 4.3.0 Internal error",
		codecs.NotFound:    `550 5.1.2 Domain "a.example" is not served here`,
		codecs.Forbidden:   `550 5.7.1 Access to domain "a.example" denied`,
		codecs.Unavailable: `421 4.3.2 Mail server "a.example" is not available, try again later`,
		codecs.Timeout:     `421 4.4.1 Mail server "a.example" did not answer in time, try again later`,
		codecs.TooMany:     "421 4.7.0 Too many connections, try again later",
		codecs.Malformed:   "500 5.5.2 Syntax error",
		codecs.Unsupported: "502 5.5.1 Not implemented",
	}
	for _, k := range codecs.Kinds() {
		f := codecs.Failure{Kind: k, Resource: "a.example"}
		if got := string((&codec{}).Refuse([]byte("before "), f)); got != "before "+want[k]+crlf {
			t.Errorf("%v: %q", k, got)
		}
		f.Detail = "more"
		if got := string(appendRefusal(nil, f)); got != want[k]+": more\r\n" {
			t.Errorf("%v with a detail: %q", k, got)
		}
		code, _, _ := strings.Cut(want[k], " ")
		f.Resource = ""
		if got := string(appendRefusal(nil, f)); !strings.HasPrefix(got, code) || !strings.HasSuffix(got, " more\r\n") {
			t.Errorf("%v without a resource: %q", k, got)
		}
	}
}

// TestHarmlessRefusals wants one line of ASCII, whatever the resource.
func TestHarmlessRefusals(t *testing.T) {
	for _, name := range []string{"bücher.example", "a\r\n250 b", "\x1b[2J", "\xff", strings.Repeat("x", 5000)} {
		got := string(appendRefusal(nil, codecs.Failure{Kind: codecs.NotFound, Resource: name}))
		line, rest, _ := strings.Cut(got, crlf)
		if rest != "" || !printable([]byte(line)) || international([]byte(line)) || len(got) > maxLine {
			t.Errorf("%q: %q", name, got)
		}
	}
	if got := refusalOf(200); got != refusals[codecs.Internal] {
		t.Errorf("an unknown kind: %v", got)
	}
}
