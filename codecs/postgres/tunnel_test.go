package postgres

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

var passthrough = Options{TLS: TLSPassthrough}

// tunnelled returns a session whose ClientHello was routed behind an
// SSLRequest.
func tunnelled(t testing.TB, chunks ...[]byte) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, Front(passthrough))
	s.Client(sslRequest)
	if string(s.ToClient) != "S" || s.Action != codecs.More {
		t.Fatalf("action %d, answer %q", s.Action, s.ToClient)
	}
	s.Client(chunks...)
	if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
		t.Fatalf("in %d chunks: action %d, resource %q", len(chunks), s.Action, s.Resource)
	}
	return s
}

func TestTunnelBehindASSLRequest(t *testing.T) {
	hello := clientHello(t, "Shop.Example")
	for chunks := range codectest.Splits(hello) {
		s := tunnelled(t, chunks...)
		s.Open(codecs.Target{})
		if s.Action != codecs.More || !bytes.Equal(s.ToBackend, sslRequest) || !bytes.Equal(s.FromClient, hello) {
			t.Fatalf("action %d, the backend heard %q, %q waits", s.Action, s.ToBackend, s.FromClient)
		}
		s.Client([]byte("more"))
		s.Backend([]byte("S"))
		if want := join(sslRequest, hello, []byte("more")); s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, want) {
			t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
		}
		if string(s.ToClient) != "S" {
			t.Fatalf("the client heard %q", s.ToClient)
		}
	}
}

func TestTunnelFromTheFirstByte(t *testing.T) {
	hello := clientHello(t, "shop.example")
	for chunks := range codectest.Splits(hello) {
		s := codectest.Start(t, Front(passthrough))
		s.Client(chunks...)
		if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
			t.Fatalf("in %d chunks: action %d, resource %q", len(chunks), s.Action, s.Resource)
		}
		s.Open(codecs.Target{TLS: codecs.RequireTLS})
		if s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, hello) || len(s.ToClient) != 0 {
			t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
		}
	}
}

func TestTunnelRoutesByThePattern(t *testing.T) {
	pattern, err := naming.CompilePattern(`^([a-z]+)\.`)
	if err != nil {
		t.Fatal(err)
	}
	s := codectest.Start(t, Front(Options{TLS: TLSPassthrough, ResourcePattern: pattern}))
	if s.Client(clientHello(t, "shop.example")); string(s.Resource) != "shop" {
		t.Errorf("resource %q", s.Resource)
	}
	s = codectest.Start(t, Front(Options{TLS: TLSPassthrough, ResourcePattern: pattern}))
	s.Client(clientHello(t, "shop7.example"))
	want := codecs.Failure{Kind: codecs.NotFound, Resource: "shop7.example"}
	if s.Action != codecs.Fail || s.Failure != want {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

// A client in the middle of TLS is refused in its words, whichever way it got
// there.
func TestTunnelIsRefusedByAnAlert(t *testing.T) {
	for _, prelude := range [][][]byte{nil, {sslRequest}} {
		for _, test := range []struct {
			hello []byte
			want  codecs.Failure
			alert clienthello.Alert
		}{
			{clientHello(t, ""), codecs.Failure{Kind: codecs.NotFound, Detail: detailNoServerName}, clienthello.MissingExtension},
			{[]byte("\x16\x02\x01"), codecs.Failure{Kind: codecs.Malformed, Detail: clienthello.BadRecordVersion.String()}, clienthello.DecodeError},
		} {
			s := codectest.Start(t, Front(passthrough))
			s.Client(prelude...)
			s.Client(codectest.Bytewise(test.hello)...)
			if s.Action != codecs.Fail || s.Failure != test.want {
				t.Errorf("action %d, %+v, want %+v", s.Action, s.Failure, test.want)
			}
			if words := s.Refuse(s.Failure); !bytes.Equal(words, test.alert.Append(nil)) {
				t.Errorf("%+v: %q, want %v", s.Failure, words, test.alert)
			}
		}
	}
}

// Behind its yes a plain startup isn't one.
func TestStartupInPlaceOfAClientHello(t *testing.T) {
	s := codectest.Start(t, Front(passthrough))
	s.Client(sslRequest, aliceStartup)
	want := codecs.Failure{Kind: codecs.Malformed, Detail: clienthello.NotHandshake.String()}
	if s.Action != codecs.Fail || s.Failure != want {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

func TestTunnelToABackendWithoutTLS(t *testing.T) {
	for said, detail := range map[string]string{
		"N":                 detailBackendNoTLS,
		"Ss":                detailBackendGlued,
		"NN":                detailBackendGlued,
		"E\x00\x00\x00\x05": detailBackendAnswer,
		"H":                 detailBackendAnswer,
	} {
		s := tunnelled(t, clientHello(t, "shop.example"))
		s.Open(codecs.Target{})
		s.Backend([]byte(said))
		want := unavailable(detail)
		if s.Action != codecs.Fail || s.Failure != want || string(s.ToClient) != "S" || !bytes.Equal(s.ToBackend, sslRequest) {
			t.Errorf("%q: action %d, %+v, the client heard %q", said, s.Action, s.Failure, s.ToClient)
		}
		if words := s.Refuse(s.Failure); !bytes.Equal(words, clienthello.HandshakeFailure.Append(nil)) {
			t.Errorf("%q: the client hears %q", said, words)
		}
	}
}

func TestTunnellingAllocatesNothing(t *testing.T) {
	front := Front(passthrough)
	hello := clientHello(t, "shop.example")
	all := make([]codecs.Codec, 1001)
	for i := range all {
		all[i] = front.New()
	}
	if n := testing.AllocsPerRun(1000, func() {
		c := all[0]
		all = all[1:]
		c.Client(sslRequest)
		c.Client(hello)
		c.Open(hello, codecs.Target{})
		if c.Backend(answerYes).Action != codecs.Relay {
			t.Error("no relay")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
