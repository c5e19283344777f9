package postgres

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// FuzzTLS holds the listeners with TLS to these properties, in being a client
// that sends prelude, waits for an answer and sends in, in chunks of the given
// sizes:
//   - the outcome doesn't depend on the chunks;
//   - within TLS in is taken as a listener without TLS takes it in the clear,
//     but for what asks for encryption;
//   - where TLS is required nobody is routed without it, but to cancel;
//   - where TLS is passed through, what isn't TLS is never routed, and of what
//     is the backend hears every byte.
func FuzzTLS(f *testing.F) {
	hello := clientHello(f, "shop.example")
	for _, prelude := range [][]byte{nil, sslRequest, gssencRequest} {
		for mode := TLSOff; mode <= TLSPassthrough; mode++ {
			for _, in := range [][]byte{aliceStartup, cancelRequest, sslRequest, hello[:40], hello} {
				f.Add(prelude, in, []byte{7, 3}, uint8(mode))
			}
		}
	}
	f.Fuzz(func(t *testing.T, prelude, in, sizes []byte, mode uint8) {
		if len(prelude)+len(in) > maxFuzzed {
			return
		}
		options := Options{TLS: TLSMode(mode % 4)}
		s := playTLS(t, options, prelude, in, []byte{1})
		for _, other := range [][]byte{sizes, nil} {
			if again := playTLS(t, options, prelude, in, other); !same(again.Session, s.Session) {
				t.Fatalf("bytewise %+v, in chunks of %v %+v", s, other, again)
			}
		}
		switch options.TLS {
		case TLSRequired:
			if s.Action == codecs.Route && !s.secured {
				t.Fatalf("routed in the clear: %+v", s)
			}
		case TLSPassthrough:
			checkTunnel(t, s.Session)
		}
		if s.secured {
			checkWithin(t, s.Session, in)
		}
	})
}

// playedTLS is a session, and whether it has turned to TLS before in was sent.
type playedTLS struct {
	*codectest.Session
	secured bool
}

// playTLS turns the session to TLS if that is where prelude leads. Of a
// prelude that turns to it earlier the rest isn't sent.
func playTLS(t *testing.T, o Options, prelude, in, sizes []byte) playedTLS {
	s := playedTLS{Session: codectest.Start(t, Front(o))}
	s.Client(prelude)
	if s.Action == codecs.StartTLS {
		s.secured = true
		s.Secured(withALPN)
	}
	s.Client(codectest.Chop(in, sizes)...)
	return s
}

func checkTunnel(t *testing.T, s *codectest.Session) {
	t.Helper()
	if s.Action == codecs.RouteKey || s.Action == codecs.Route && s.FromClient[0] != tlsHandshake {
		t.Fatalf("not TLS: %+v", s)
	}
	if s.Action != codecs.Route {
		return
	}
	sent := bytes.Clone(s.FromClient)
	s.Open(codecs.Target{})
	if bytes.Equal(s.ToBackend, sslRequest) {
		sent = join(sslRequest, sent)
		s.Backend(answerYes)
	}
	if s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, sent) {
		t.Fatalf("the client sent %q, the backend heard %q", sent, s.ToBackend)
	}
}

func checkWithin(t *testing.T, s *codectest.Session, in []byte) {
	t.Helper()
	if len(in) > 0 && in[0] == tlsHandshake || asksFor(in) {
		return
	}
	clear := codectest.Start(t, Front(Options{}))
	clear.Client(in)
	if clear.Action != s.Action || clear.Failure != s.Failure || !bytes.Equal(clear.Resource, s.Resource) || !bytes.Equal(clear.Wanted, s.Wanted) {
		t.Fatalf("in the clear %+v, within TLS %+v", clear, s)
	}
}

// asksFor reports whether a packet has the code of a request for encryption.
func asksFor(packet []byte) bool {
	return len(packet) >= headerSize && (bytes.Equal(packet[4:headerSize], sslRequest[4:]) || bytes.Equal(packet[4:headerSize], gssencRequest[4:]))
}
