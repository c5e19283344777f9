package tcp_test

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
)

func TestRoutesBeforeAnyByte(t *testing.T) {
	s := codectest.Start(t, tcp.Front("tenant-7"))
	if s.Action != codecs.Route || string(s.Resource) != "tenant-7" {
		t.Fatalf("Start: %v %q, want Route to tenant-7", s.Action, s.Resource)
	}
}

func TestRelaysEverythingUntouched(t *testing.T) {
	s := codectest.Start(t, tcp.Front("x"))
	s.Client([]byte("sent while "))
	s.Client([]byte("resolving"))
	s.Open(codecs.Target{})
	if s.Action != codecs.Relay {
		t.Fatalf("Open: %v, want Relay", s.Action)
	}
	s.Client([]byte(", and after"))
	s.Backend([]byte("hello"))
	if got := string(s.ToBackend); got != "sent while resolving, and after" {
		t.Errorf("the backend heard %q", got)
	}
	if got := string(s.ToClient); got != "hello" {
		t.Errorf("the client heard %q", got)
	}
}

func TestSilentClient(t *testing.T) {
	s := codectest.Start(t, tcp.Front("x"))
	s.Open(codecs.Target{})
	if s.Action != codecs.Relay || len(s.ToBackend) != 0 {
		t.Fatalf("Open: %v with %q for the backend, want Relay with nothing", s.Action, s.ToBackend)
	}
}

func TestRefuseHasNoWords(t *testing.T) {
	for _, k := range codecs.Kinds() {
		s := codectest.Start(t, tcp.Front("x"))
		if words := s.Refuse(codecs.Failure{Kind: k, Resource: "x"}); len(words) != 0 {
			t.Errorf("%v: %q, want nothing", k, words)
		}
	}
}

// The server may be the one to speak first, so accepting must not wait for
// the client.
func TestFront(t *testing.T) {
	f := tcp.Front("x")
	if f.Protocol != codecs.TCP || f.ClientFirst || f.MaxPending != 0 {
		t.Errorf("Front = %v ClientFirst %v MaxPending %d", f.Protocol, f.ClientFirst, f.MaxPending)
	}
}

func TestSessionAllocatesNothing(t *testing.T) {
	f := tcp.Front("x")
	in := []byte("bytes")
	if n := testing.AllocsPerRun(1000, func() {
		c := f.New()
		c.Start()
		c.Open(in, codecs.Target{})
	}); n != 0 {
		t.Errorf("%v allocations per session, want 0", n)
	}
}
