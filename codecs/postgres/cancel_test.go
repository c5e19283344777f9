package postgres

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

const pid = "\x00\x00\x1b\xb5"

func TestCancelRoutesByKey(t *testing.T) {
	for _, secret := range []string{"four", "12345", strings.Repeat("s", 32), strings.Repeat("s", 256)} {
		packet := untyped(codeCancel, pid+secret)
		for chunks := range codectest.Splits(packet) {
			s := codectest.Start(t, Front(Options{}))
			s.Client(chunks...)
			if s.Action != codecs.RouteKey || string(s.Wanted) != pid+secret {
				t.Fatalf("in %d chunks: action %d, key %q", len(chunks), s.Action, s.Wanted)
			}
			s.Open(codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: "other"}})
			if s.Action != codecs.Relay || string(s.ToBackend) != string(packet) {
				t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
			}
		}
	}
}

// libpq repeats the connection's prelude before it cancels, from version 17 on.
func TestCancelAfterPrelude(t *testing.T) {
	s := codectest.Start(t, Front(Options{}))
	s.Client(gssencRequest, sslRequest, cancelRequest)
	if s.Action != codecs.RouteKey || string(s.ToClient) != "NN" {
		t.Fatalf("action %d, answers %q", s.Action, s.ToClient)
	}
	s.Open(codecs.Target{})
	if string(s.ToBackend) != string(cancelRequest) {
		t.Fatalf("the backend heard %q", s.ToBackend)
	}
}

func TestCancelWithBadKey(t *testing.T) {
	want := codecs.Failure{Kind: codecs.Malformed, Detail: detailKeyLength}
	for _, key := range []string{"", pid, pid + "abc", pid + strings.Repeat("s", 257)} {
		for chunks := range codectest.Splits(untyped(codeCancel, key)) {
			s := codectest.Start(t, Front(Options{}))
			s.Client(chunks...)
			if s.Action != codecs.Fail || s.Failure != want {
				t.Fatalf("%d bytes of key: action %d, %+v", len(key), s.Action, s.Failure)
			}
		}
	}
}

func TestCancelIsNeverAnswered(t *testing.T) {
	for _, key := range []string{pid + "four", pid + "five+"} {
		s := codectest.Start(t, Front(Options{}))
		s.Client(untyped(codeCancel, key)[:16])
		for _, k := range codecs.Kinds() {
			if words := s.Refuse(codecs.Failure{Kind: k}); len(words) != 0 {
				t.Errorf("%v: %q", k, words)
			}
		}
	}
}
