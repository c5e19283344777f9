package postgres

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// converse sends packets as a client does that waits for each answer; each
// arrives in the way of the same number among its splits, or bytewise.
func converse(s *codectest.Session, split int, packets ...[]byte) {
	for _, packet := range packets {
		chosen := codectest.Bytewise(packet)
		i := 0
		for chunks := range codectest.Splits(packet) {
			if i == split {
				chosen = chunks
			}
			i++
		}
		s.Client(chosen...)
	}
}

func TestEncryptionIsDeclined(t *testing.T) {
	for _, test := range []struct {
		name     string
		requests [][]byte
		answers  string
	}{
		{"SSL", [][]byte{sslRequest}, "N"},
		{"GSSAPI", [][]byte{gssencRequest}, "N"},
		{"GSSAPI, then SSL", [][]byte{gssencRequest, sslRequest}, "NN"},
		{"SSL, then GSSAPI", [][]byte{sslRequest, gssencRequest}, "NN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for split := range len(aliceStartup) + 1 {
				s := codectest.Start(t, Front(Options{}))
				converse(s, split, append(test.requests, aliceStartup)...)
				if s.Action != codecs.Route || string(s.Resource) != "shop" || string(s.ToClient) != test.answers {
					t.Fatalf("split %d: action %d, resource %q, answers %q", split, s.Action, s.Resource, s.ToClient)
				}
				s.Open(codecs.Target{})
				if string(s.ToBackend) != string(aliceStartup) {
					t.Fatalf("the backend heard %q", s.ToBackend)
				}
			}
		})
	}
}

func TestEncryptionAskedTwice(t *testing.T) {
	want := codecs.Failure{Kind: codecs.Malformed, Detail: detailAskedTwice}
	for _, requests := range [][][]byte{
		{sslRequest, sslRequest},
		{gssencRequest, gssencRequest},
		{gssencRequest, sslRequest, gssencRequest},
		{sslRequest, gssencRequest, sslRequest},
	} {
		s := codectest.Start(t, Front(Options{}))
		converse(s, 0, requests...)
		if s.Action != codecs.Fail || s.Failure != want {
			t.Errorf("%q: action %d, %+v", requests, s.Action, s.Failure)
		}
	}
}

// Whatever is glued to a request fails, be it harmless or only one byte, and
// however the request itself arrives.
func TestBytesBehindARequest(t *testing.T) {
	for _, test := range []struct{ request, behind []byte }{
		{sslRequest, aliceStartup},
		{sslRequest, gssencRequest},
		{sslRequest, []byte("\x16\x03\x01")},
		{sslRequest, []byte{0}},
		{gssencRequest, aliceStartup},
		{gssencRequest, sslRequest},
		{gssencRequest, []byte{0}},
	} {
		want := codecs.Failure{Kind: codecs.Malformed, Detail: detailAfterSSL}
		if &test.request[0] == &gssencRequest[0] {
			want.Detail = detailAfterGSS
		}
		for cut := range headerSize {
			s := codectest.Start(t, Front(Options{}))
			if cut > 0 {
				s.Client(test.request[:cut])
			}
			s.Client(join(test.request[cut:], test.behind))
			if s.Action != codecs.Fail || s.Failure != want || string(s.ToClient) != "N" {
				t.Fatalf("%q behind %q, cut at %d: action %d, %+v, answer %q",
					test.behind, test.request, cut, s.Action, s.Failure, s.ToClient)
			}
		}
	}
}
