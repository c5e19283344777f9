package postgres

import (
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

var (
	authOK     = typed('R', "\x00\x00\x00\x00")
	parameter  = typed('S', "server_version\x0015.18\x00")
	negotiate  = typed('v', "\x00\x03\x00\x00\x00\x00\x00\x00")
	key        = typed('K', pid+"four")
	longKey    = typed('K', pid+strings.Repeat("s", 256))
	ready      = typed('Z', "I")
	noSuchRole = typed('E', "SFATAL\x00C28000\x00Mrole \"x\" does not exist\x00\x00")
)

func TestHandover(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []byte
		want codecs.Action
		keys []string
	}{
		{"login", join(authOK, parameter, key, ready), codecs.Relay, []string{pid + "four"}},
		{"protocol 3.2", join(negotiate, authOK, longKey, ready), codecs.Relay, []string{string(longKey[5:])}},
		{"a query's answer glued to it", join(authOK, key, ready, typed('C', "SELECT 1\x00")), codecs.Relay, []string{pid + "four"}},
		{"no key", join(authOK, ready), codecs.Relay, nil},
		{"nothing but ready", ready, codecs.Relay, nil},
		{"only the first key counts", join(key, longKey, ready), codecs.Relay, []string{pid + "four"}},
		{"a key behind ready", join(authOK, ready, key), codecs.Relay, nil},
		{"a key that is too short", join(typed('K', pid+"abc"), ready), codecs.Relay, nil},
		{"a key that is too long", join(typed('K', pid+strings.Repeat("s", 257)), ready), codecs.Relay, nil},
		{"not ready yet", join(authOK, key), codecs.More, []string{pid + "four"}},
		{"a body that looks like ready", join(typed('R', string(ready)), authOK), codecs.More, nil},
		{"an empty body", join(typed('R', ""), typed('S', ""), key), codecs.More, []string{pid + "four"}},
		{"refused", noSuchRole, codecs.More, nil},
		{"protocol 2's error", []byte("Ecould not fork new process for connection\n\x00"), codecs.Relay, nil},
		{"another protocol", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), codecs.Relay, nil},
		{"a length within itself", []byte("R\x00\x00\x00\x03....."), codecs.Relay, nil},
		{"a ready message without a body", []byte("Z\x00\x00\x00\x04"), codecs.Relay, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			for chunks := range codectest.Splits(test.in) {
				s := opened(t)
				s.Backend(chunks...)
				if s.Action != test.want || string(s.ToClient) != string(test.in) {
					t.Fatalf("in %d chunks: action %d, want %d; the client heard %q",
						len(chunks), s.Action, test.want, s.ToClient)
				}
				if got := keys(s); !slices.Equal(got, test.keys) {
					t.Fatalf("in %d chunks: keys %q, want %q", len(chunks), got, test.keys)
				}
			}
		})
	}
}

func keys(s *codectest.Session) []string {
	var all []string
	for _, k := range s.Issued {
		all = append(all, string(k))
	}
	return all
}

// The relay begins with ReadyForQuery's header, the key is named with its last
// byte, and what is held back until then is little.
func TestHandoverDecidesAsEarlyAsItCan(t *testing.T) {
	s := opened(t)
	s.Backend(authOK, key[:len(key)-1])
	if len(s.Issued) != 0 || len(s.FromBackend) != len(key)-1 {
		t.Fatalf("before the key's last byte: %q issued, %d bytes held back", s.Issued, len(s.FromBackend))
	}
	s.Backend(key[len(key)-1:], ready[:4])
	if len(s.Issued) != 1 || s.Action != codecs.More {
		t.Fatalf("after it: %q issued, action %d", s.Issued, s.Action)
	}
	s.Backend(ready[4:5])
	if s.Action != codecs.Relay {
		t.Fatalf("at ReadyForQuery: action %d", s.Action)
	}
}

// A body isn't kept, however long it is.
func TestHandoverStreamsBodies(t *testing.T) {
	s := opened(t)
	notice := typed('N', strings.Repeat("n", maxMessage-typedHeader))
	for chunk := range slices.Chunk(notice, 1000) {
		s.Backend(chunk)
		if len(s.FromBackend) != 0 {
			t.Fatalf("%d bytes of a body held back", len(s.FromBackend))
		}
	}
	s.Backend(ready)
	if s.Action != codecs.Relay || len(s.ToClient) != len(notice)+len(ready) {
		t.Fatalf("action %d, %d bytes for the client", s.Action, len(s.ToClient))
	}
}

func TestClientSpeaksDuringHandover(t *testing.T) {
	s := opened(t)
	password := typed('p', "secret\x00")
	s.Backend(typed('R', "\x00\x00\x00\x03"))
	s.Client(codectest.Bytewise(password)...)
	if want := join(aliceStartup, password); string(s.ToBackend) != string(want) {
		t.Errorf("the backend heard %q, want %q", s.ToBackend, want)
	}
}

func TestHandoverAllocatesNothing(t *testing.T) {
	c := Front(Options{}).New()
	c.Client(aliceStartup)
	in := join(authOK, parameter, key, ready)
	if n := testing.AllocsPerRun(1000, func() {
		c.Open(aliceStartup, codecs.Target{})
		c.Backend(in)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
