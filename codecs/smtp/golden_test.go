package smtp

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// TestGolden replays what real clients and Postfix said, in pieces of several
// sizes: both sides must hear what they heard then.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/golden/*.txt") // fails for a malformed pattern only
	if len(files) == 0 {
		t.Fatal("there are no transcripts")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			events := readTranscript(t, file)
			options, tls := configured(t, events[0].text)
			for _, sizes := range [][]byte{nil, {0}, {6, 0, 29}} {
				replay(t, options, someTarget(tls), events[1:], sizes)
			}
		})
	}
}

// configured reads the line "with": what is routed by, the TLS of the client's
// leg, the header for the backend and the TLS of its leg.
func configured(t *testing.T, line string) (o Options, tls codecs.TLSPolicy) {
	t.Helper()
	words := strings.Fields(line)
	if len(words) != 4 {
		t.Fatalf("with %q", line)
	}
	policy := slices.Index([]string{codecs.NoTLS: "off", codecs.PreferTLS: "prefer", codecs.RequireTLS: "require"}, words[3])
	for _, err := range []error{
		o.RouteBy.UnmarshalText([]byte(words[0])), o.TLS.UnmarshalText([]byte(words[1])), o.ClientHeader.UnmarshalText([]byte(words[2])),
	} {
		if err != nil || policy < 0 {
			t.Fatalf("with %q: %v", line, err)
		}
	}
	return o, codecs.TLSPolicy(policy)
}

func replay(t *testing.T, o Options, target codecs.Target, events []happening, sizes []byte) {
	t.Helper()
	s := start(t, o)
	s.sizes = sizes
	var toClient, toBackend string
	for _, e := range events {
		switch e.what {
		case "C":
			s.client(e.text)
		case "B":
			s.backend(e.text)
		case "toC":
			toClient += e.text
		case "toB":
			toBackend += e.text
		case "route":
			if s.resource != e.text {
				t.Fatalf("resource %q, want %q", s.resource, e.text)
			}
			s.open(target)
		case "tls":
			s.secured(e.text)
		case "btls":
			s.backendSecured()
		}
	}
	if string(s.toClient) != toClient || string(s.toBackend) != toBackend {
		t.Errorf("the client heard %q, want %q; the backend %q, want %q", s.toClient, toClient, s.toBackend, toBackend)
	}
}
