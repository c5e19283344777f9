package tcp_test

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
)

func TestRoutesByServerName(t *testing.T) {
	s := codectest.StartSecured(t, tcp.FrontByServerName(), codecs.TLS{ServerName: "Shop.example", ALPN: "any"})
	if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
		t.Fatalf("action %d, resource %q", s.Action, s.Resource)
	}
	s.Client([]byte("sent while resolving"))
	s.Open(codecs.Target{})
	s.Backend([]byte("hello"))
	if s.Action != codecs.Relay || string(s.ToBackend) != "sent while resolving" || string(s.ToClient) != "hello" {
		t.Errorf("action %d, the backend heard %q, the client %q", s.Action, s.ToBackend, s.ToClient)
	}
}

func TestNoRouteWithoutAServerName(t *testing.T) {
	for name, want := range map[string]codecs.Kind{
		"":           codecs.NotFound,
		"a b":        codecs.Malformed,
		"shop.":      codecs.Malformed,
		"x\x00.test": codecs.Malformed,
	} {
		s := codectest.StartSecured(t, tcp.FrontByServerName(), codecs.TLS{ServerName: name})
		if s.Action != codecs.Fail || s.Failure.Kind != want || !strings.Contains(s.Failure.Detail, "SNI") {
			t.Errorf("%q: action %d, %+v", name, s.Action, s.Failure)
		}
	}
}

// On a listener that terminates no TLS there is no name.
func TestNoServerNameWithoutTLS(t *testing.T) {
	s := codectest.Start(t, tcp.FrontByServerName())
	if s.Action != codecs.Fail || s.Failure.Kind != codecs.NotFound {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
	if words := s.Refuse(s.Failure); len(words) != 0 {
		t.Errorf("the client hears %q", words)
	}
}

func TestFrontByServerName(t *testing.T) {
	f := tcp.FrontByServerName()
	if f.Protocol != codecs.TCP || !f.ClientFirst || f.Negotiates || f.MaxPending != 0 {
		t.Errorf("Front = %v ClientFirst %v Negotiates %v MaxPending %d", f.Protocol, f.ClientFirst, f.Negotiates, f.MaxPending)
	}
}
