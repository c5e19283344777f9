package postgres

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

var withALPN = codecs.TLS{ServerName: "shop.example", ALPN: "postgresql"}

// clientHello is what crypto/tls sends first, with "" for no server name.
func clientHello(t testing.TB, name string) []byte {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		tls.Client(theirs, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{alpn}}).Handshake()
	}()
	defer ours.Close()
	in := make([]byte, 16<<10)
	n, err := ours.Read(in)
	if err != nil {
		t.Fatal(err)
	}
	return in[:n]
}

// secured returns a session in whose TLS nothing has been said.
func secured(t testing.TB, o Options, prelude ...[]byte) *codectest.Session {
	t.Helper()
	s := codectest.Start(t, Front(o))
	s.Client(prelude...)
	s.Secured(withALPN)
	return s
}

func TestTLSIsGranted(t *testing.T) {
	for _, mode := range []TLSMode{TLSOffered, TLSRequired} {
		for name, test := range map[string]struct {
			requests [][]byte
			answers  string
			kept     string
		}{
			"asked for":          {[][]byte{sslRequest}, "S", ""},
			"after GSSAPI":       {[][]byte{gssencRequest, sslRequest}, "NS", ""},
			"from the beginning": {[][]byte{[]byte("\x16\x03\x01")}, "", "\x16\x03\x01"},
		} {
			for split := range len(aliceStartup) + 1 {
				s := codectest.Start(t, Front(Options{TLS: mode}))
				converse(s, min(split, 1), test.requests[:len(test.requests)-1]...)
				s.Client(test.requests[len(test.requests)-1])
				if s.Action != codecs.StartTLS || string(s.ToClient) != test.answers || string(s.FromClient) != test.kept {
					t.Fatalf("%v, %s: action %d, answers %q, %q is left", mode, name, s.Action, s.ToClient, s.FromClient)
				}
				s.Secured(withALPN)
				converse(s, split, aliceStartup)
				if s.Action != codecs.Route || string(s.Resource) != "shop" {
					t.Fatalf("%v, %s: action %d, resource %q", mode, name, s.Action, s.Resource)
				}
				s.Open(codecs.Target{})
				if !bytes.Equal(s.ToBackend, aliceStartup) {
					t.Fatalf("the backend heard %q", s.ToBackend)
				}
			}
		}
	}
}

// TLS begins with the request's last byte and with TLS's first.
func TestTLSBeginsAsEarlyAsItCan(t *testing.T) {
	s := codectest.Start(t, Front(Options{TLS: TLSOffered}))
	if s.Client(sslRequest[:7]); s.Action != codecs.More {
		t.Errorf("action %d before the request's last byte", s.Action)
	}
	if s.Client(sslRequest[7:]); s.Action != codecs.StartTLS {
		t.Errorf("action %d with it", s.Action)
	}
	s = codectest.Start(t, Front(Options{TLS: TLSOffered}))
	if s.Client([]byte{tlsHandshake}); s.Action != codecs.StartTLS || len(s.FromClient) != 1 {
		t.Errorf("action %d with TLS's first byte, %d kept", s.Action, len(s.FromClient))
	}
}

func TestALPN(t *testing.T) {
	hello := []byte("\x16\x03\x01")
	for _, test := range []struct {
		first []byte
		alpn  string
		want  string
	}{
		{sslRequest, "", ""},
		{sslRequest, "postgresql", ""},
		{sslRequest, "h2", detailOtherALPN},
		{hello, "postgresql", ""},
		{hello, "", detailNoALPN},
		{hello, "h2", detailOtherALPN},
	} {
		s := codectest.Start(t, Front(Options{TLS: TLSOffered}))
		s.Client(test.first)
		s.Secured(codecs.TLS{ALPN: test.alpn})
		if test.want == "" {
			if s.Action != codecs.More {
				t.Errorf("%q behind %q: action %d", test.alpn, test.first, s.Action)
			}
			continue
		}
		want := codecs.Failure{Kind: codecs.Malformed, Detail: test.want}
		if s.Action != codecs.Fail || s.Failure != want {
			t.Errorf("%q behind %q: action %d, %+v", test.alpn, test.first, s.Action, s.Failure)
		}
		if e := decodeError(t, s.Refuse(s.Failure)); e.Code != "08P01" || !strings.Contains(e.Message, "ALPN") {
			t.Errorf("%s %q", e.Code, e.Message)
		}
	}
}

// The server answers so, too: 0A000, unsupported frontend protocol 1234.5679.
func TestNoEncryptionWithinTLS(t *testing.T) {
	for _, request := range [][]byte{sslRequest, gssencRequest} {
		for chunks := range codectest.Splits(request) {
			s := secured(t, Options{TLS: TLSOffered}, sslRequest)
			s.Client(chunks...)
			if s.Action != codecs.Fail || s.Failure != unsupported {
				t.Fatalf("%q: action %d, %+v", request, s.Action, s.Failure)
			}
			if e := decodeError(t, s.Refuse(s.Failure)); e.Code != "0A000" {
				t.Fatalf("%s", e.Code)
			}
		}
	}
}

func TestTLSWithinTLS(t *testing.T) {
	s := secured(t, Options{TLS: TLSOffered}, sslRequest)
	s.Client(clientHello(t, "shop.example"))
	if s.Action != codecs.Fail || s.Failure != malformedLength {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

// TLS without asking is the connection's beginning or nothing.
func TestDirectTLSAfterARequest(t *testing.T) {
	for _, mode := range []TLSMode{TLSOffered, TLSRequired, TLSPassthrough} {
		s := codectest.Start(t, Front(Options{TLS: mode}))
		s.Client(gssencRequest, clientHello(t, "shop.example"))
		if s.Action != codecs.Fail || s.Failure != malformedLength || string(s.ToClient) != "N" {
			t.Errorf("%v: action %d, %+v", mode, s.Action, s.Failure)
		}
	}
}

func TestCancelWithinTLS(t *testing.T) {
	for _, mode := range []TLSMode{TLSOffered, TLSRequired} {
		for chunks := range codectest.Splits(cancelRequest) {
			s := secured(t, Options{TLS: mode}, sslRequest)
			s.Client(chunks...)
			if s.Action != codecs.RouteKey || !bytes.Equal(s.Wanted, cancelRequest[headerSize:]) {
				t.Fatalf("action %d, key %q", s.Action, s.Wanted)
			}
			s.Open(codecs.Target{})
			if s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, cancelRequest) {
				t.Fatalf("action %d, the backend heard %q", s.Action, s.ToBackend)
			}
		}
	}
}

func TestRequiredTLS(t *testing.T) {
	for _, mode := range []TLSMode{TLSRequired, TLSPassthrough} {
		for chunks := range codectest.Splits(aliceStartup) {
			s := codectest.Start(t, Front(Options{TLS: mode}))
			s.Client(gssencRequest)
			s.Client(chunks...)
			checkUnencrypted(t, s)
		}
	}
}

func checkUnencrypted(t *testing.T, s *codectest.Session) {
	t.Helper()
	want := codecs.Failure{Kind: codecs.Forbidden, Detail: detailUnencrypted}
	if s.Action != codecs.Fail || s.Failure != want {
		t.Fatalf("action %d, %+v", s.Action, s.Failure)
	}
	e := decodeError(t, s.Refuse(s.Failure))
	if e.Severity != "FATAL" || e.Code != "28000" || e.Message != detailUnencrypted || e.Hint != hintEncrypt {
		t.Fatalf("%s %s %q, hint %q", e.Severity, e.Code, e.Message, e.Hint)
	}
}

// As with the server, whose access rules are for sessions. But where clients
// are routed by SNI there is nobody to pass it on to.
func TestCancelInTheClear(t *testing.T) {
	s := codectest.Start(t, Front(Options{TLS: TLSRequired}))
	if s.Client(cancelRequest); s.Action != codecs.RouteKey {
		t.Errorf("required: action %d", s.Action)
	}
	s = codectest.Start(t, Front(Options{TLS: TLSPassthrough}))
	s.Client(cancelRequest)
	checkUnencrypted(t, s)
}

// The error takes the place of the yes, behind which it couldn't be read.
func TestBytesBehindAGrantedRequest(t *testing.T) {
	for _, mode := range []TLSMode{TLSOffered, TLSRequired, TLSPassthrough} {
		for _, behind := range [][]byte{aliceStartup, clientHello(t, "shop.example"), {0}} {
			for cut := range headerSize {
				s := codectest.Start(t, Front(Options{TLS: mode}))
				s.Client(sslRequest[:cut])
				s.Client(join(sslRequest[cut:], behind))
				want := codecs.Failure{Kind: codecs.Malformed, Detail: detailAfterSSL}
				if s.Action != codecs.Fail || s.Failure != want || len(s.ToClient) != 0 {
					t.Fatalf("%v, cut at %d: action %d, %+v, answer %q", mode, cut, s.Action, s.Failure, s.ToClient)
				}
				decodeError(t, s.Refuse(s.Failure))
			}
		}
	}
}

func TestRoutingWithinTLSAllocatesNothing(t *testing.T) {
	front := Front(Options{TLS: TLSRequired})
	codecs := make([]codecs.Codec, 1001)
	for i := range codecs {
		codecs[i] = front.New()
	}
	if n := testing.AllocsPerRun(1000, func() {
		c := codecs[0].(*codec)
		codecs = codecs[1:]
		c.Client(sslRequest)
		c.Secured(withALPN)
		if len(c.Client(aliceStartup).Resource) == 0 {
			t.Error("not routed")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
