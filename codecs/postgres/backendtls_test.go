package postgres

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// asking returns a session that has asked its backend for TLS.
func asking(t testing.TB, target codecs.Target, packet ...[]byte) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, Front(Options{TLS: TLSOffered}))
	s.Client(packet...)
	s.Open(target)
	if s.Action != codecs.More || !bytes.Equal(s.ToBackend, sslRequest) || !bytes.Equal(s.FromClient, join(packet...)) {
		t.Fatalf("action %d, the backend heard %q, %q waits", s.Action, s.ToBackend, s.FromClient)
	}
	return s
}

var policies = []codecs.TLSPolicy{codecs.PreferTLS, codecs.RequireTLS}

func TestBackendTLS(t *testing.T) {
	query := typed('Q', "select 1\x00")
	renamed := startup(version30, "user", "alice", "database", "tenant_7")
	for _, policy := range policies {
		for _, test := range []struct {
			packet []byte
			target codecs.Target
			want   []byte
			action codecs.Action
		}{
			{aliceStartup, codecs.Target{TLS: policy}, aliceStartup, codecs.More},
			{aliceStartup, codecs.Target{TLS: policy, Metadata: renaming("tenant_7").Metadata}, renamed, codecs.More},
			{cancelRequest, codecs.Target{TLS: policy, Metadata: renaming("tenant_7").Metadata}, cancelRequest, codecs.Relay},
		} {
			s := asking(t, test.target, test.packet)
			s.Client(query)
			s.Backend([]byte("S"))
			if s.Action != codecs.StartBackendTLS || !bytes.Equal(s.ToBackend, sslRequest) || len(s.FromBackend) != 0 {
				t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
			}
			s.BackendSecured()
			if want := join(sslRequest, test.want, query); s.Action != test.action || !bytes.Equal(s.ToBackend, want) {
				t.Fatalf("action %d, the backend heard %q, want %q", s.Action, s.ToBackend, want)
			}
		}
	}
}

func TestSessionOverBackendTLS(t *testing.T) {
	in := join(authOK, parameter, key, ready)
	for chunks := range codectest.Splits(in) {
		s := asking(t, codecs.Target{TLS: codecs.RequireTLS}, aliceStartup)
		s.Backend([]byte("S"))
		s.BackendSecured()
		s.Backend(chunks...)
		if s.Action != codecs.Relay || !bytes.Equal(s.ToClient, in) || len(s.Issued) != 1 {
			t.Fatalf("action %d, the client heard %q, %q issued", s.Action, s.ToClient, s.Issued)
		}
	}
}

func TestBackendWithoutTLS(t *testing.T) {
	for _, test := range []struct {
		packet []byte
		action codecs.Action
	}{{aliceStartup, codecs.More}, {cancelRequest, codecs.Relay}} {
		s := asking(t, codecs.Target{TLS: codecs.PreferTLS}, test.packet)
		s.Backend([]byte("N"))
		if s.Action != test.action || !bytes.Equal(s.ToBackend, join(sslRequest, test.packet)) || len(s.ToClient) != 0 {
			t.Fatalf("preferred: action %d, the backend heard %q", s.Action, s.ToBackend)
		}
	}
	s := asking(t, codecs.Target{TLS: codecs.PreferTLS, Metadata: renaming("tenant_7").Metadata}, aliceStartup)
	s.Backend([]byte("N"), authOK, key, ready)
	if want := startup(version30, "user", "alice", "database", "tenant_7"); s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, join(sslRequest, want)) {
		t.Fatalf("renamed: action %d, the backend heard %q", s.Action, s.ToBackend)
	}
	s = asking(t, codecs.Target{TLS: codecs.RequireTLS}, aliceStartup)
	s.Backend([]byte("N"))
	checkUnavailable(t, s, detailBackendNoTLS)
}

// unavailable is the failure of a backend with which a connection can't be encrypted, for
// the codec's own words.
func unavailable(detail string) codecs.Failure {
	fault := codecs.BackendInsecure
	if detail == detailBackendAnswer {
		fault = codecs.BackendForeign
	}
	return codecs.Failure{Kind: codecs.Unavailable, Detail: detail, Backend: fault}
}

func checkUnavailable(t *testing.T, s *codectest.Session, detail string) {
	t.Helper()
	want := unavailable(detail)
	if s.Action != codecs.Fail || s.Failure != want || !bytes.Equal(s.ToBackend, sslRequest) || len(s.ToClient) != 0 {
		t.Fatalf("action %d, %+v, the backend heard %q, the client %q", s.Action, s.Failure, s.ToBackend, s.ToClient)
	}
	if e := decodeError(t, s.Refuse(s.Failure)); e.Code != "57P03" || e.Message != detail || e.Hint != hintSettings {
		t.Fatalf("%s %q, hint %q", e.Code, e.Message, e.Hint)
	}
}

// Somebody put it there, be it harmless or only one byte.
func TestBytesBehindTheAnswer(t *testing.T) {
	for _, policy := range policies {
		for _, said := range []string{"S\x16", "SS", "N" + string(authOK), "S" + string(authOK)} {
			s := asking(t, codecs.Target{TLS: policy}, aliceStartup)
			s.Backend([]byte(said))
			checkUnavailable(t, s, detailBackendGlued)
		}
	}
}

func TestOtherAnswers(t *testing.T) {
	for _, policy := range policies {
		for b := range 256 {
			if b == 'S' || b == 'N' || b == 'E' && policy == codecs.PreferTLS {
				continue
			}
			s := asking(t, codecs.Target{TLS: policy}, aliceStartup)
			s.Backend([]byte{byte(b), 0})
			checkUnavailable(t, s, detailBackendAnswer)
		}
	}
}

// A server's error passes whole, and the client's startup stays here.
func TestErrorInPlaceOfAnAnswer(t *testing.T) {
	for _, said := range [][]byte{noSuchRole, []byte("Ecould not fork new process for connection\n\x00")} {
		for chunks := range codectest.Splits(said) {
			s := asking(t, codecs.Target{TLS: codecs.PreferTLS}, aliceStartup)
			s.Backend(chunks...)
			s.Client(typed('X', ""))
			if s.Action != codecs.More || !bytes.Equal(s.ToClient, said) || !bytes.Equal(s.ToBackend, sslRequest) {
				t.Fatalf("action %d, the client heard %q, the backend %q", s.Action, s.ToClient, s.ToBackend)
			}
			if words := s.Refuse(codecs.Failure{Kind: codecs.Unavailable}); len(words) != 0 {
				t.Fatalf("a second error follows: %q", words)
			}
		}
	}
}

func TestCancelIsNotAnsweredForItsBackend(t *testing.T) {
	for _, said := range []string{"N", "E\x00\x00\x00\x05\x00", "x"} {
		s := asking(t, codecs.Target{TLS: codecs.RequireTLS}, cancelRequest)
		s.Backend([]byte(said))
		if s.Action != codecs.Fail || s.Failure.Kind != codecs.Unavailable {
			t.Errorf("%q: action %d, %+v", said, s.Action, s.Failure)
		}
		if words := append(s.ToClient, s.Refuse(s.Failure)...); len(words) != 0 {
			t.Errorf("%q: the client hears %q", said, words)
		}
	}
	s := asking(t, codecs.Target{TLS: codecs.PreferTLS}, cancelRequest)
	if s.Backend(noSuchRole); s.Action != codecs.Fail || len(s.ToClient) != 0 {
		t.Errorf("action %d, the client heard %q", s.Action, s.ToClient)
	}
}
