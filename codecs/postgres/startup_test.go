package postgres

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// Each answer is the one a PostgreSQL 15 server gave, where it has one.
var startups = []struct {
	name     string
	packet   []byte
	resource string
}{
	{"database", aliceStartup, "shop"},
	{"user, without a database", startup(version30, "user", "alice"), "alice"},
	{"user, the database being empty", startup(version30, "user", "alice", "database", ""), "alice"},
	{"database before user", startup(version30, "database", "shop", "user", "alice"), "shop"},
	{"the last database counts", startup(version30, "user", "alice", "database", "a", "database", "b"), "b"},
	{"even if it is empty", startup(version30, "user", "alice", "database", "a", "database", ""), "alice"},
	{"the last user counts", startup(version30, "user", "alice", "user", "bob"), "bob"},
	{"names have a case", startup(version30, "user", "alice", "DATABASE", "shop"), "alice"},
	{"values aren't names", startup(version30, "options", "database", "user", "database"), "database"},
	{"protocol 3.2", startup(version32, "user", "alice", "database", "shop"), "shop"},
	{"protocol 3.9999 with an option nobody knows",
		startup(3<<16|9999, "user", "alice", "_pq_.test_protocol_negotiation", "", "database", "shop"), "shop"},
	{"physical replication", startup(version30, "user", "alice", "replication", "true", "database", "replication"), "replication"},
	{"logical replication", startup(version30, "user", "alice", "replication", "database", "database", "shop"), "shop"},
	{"bytes that aren't UTF-8", startup(version30, "user", "alice", "database", "\xff\x01"), "\xff\x01"},
	{"the longest startup", longestStartup(0), "shop"},
}

// longestStartup returns a startup that is that much longer than allowed.
func longestStartup(excess int) []byte {
	padding := maxOpening + excess - len(aliceStartup) - len("options") - 2
	return startup(version30, "user", "alice", "database", "shop", "options", strings.Repeat(" ", padding))
}

func TestStartupRoutes(t *testing.T) {
	for _, test := range startups {
		t.Run(test.name, func(t *testing.T) {
			for chunks := range codectest.Splits(test.packet) {
				s := codectest.Start(t, Front(Options{}))
				s.Client(chunks...)
				if s.Action != codecs.Route || string(s.Resource) != test.resource {
					t.Fatalf("in %d chunks: action %d, resource %q, want Route to %q",
						len(chunks), s.Action, s.Resource, test.resource)
				}
				s.Open(codecs.Target{})
				if string(s.ToBackend) != string(test.packet) {
					t.Fatalf("the backend heard %q", s.ToBackend)
				}
			}
		})
	}
}

func TestEveryPrefixNeedsMore(t *testing.T) {
	packets := [][]byte{sslRequest, gssencRequest, cancelRequest}
	for _, test := range startups {
		packets = append(packets, test.packet)
	}
	for _, packet := range packets {
		for end := 1; end < len(packet); end++ {
			s := codectest.Start(t, Front(Options{}))
			s.Client(packet[:end])
			if s.Action != codecs.More || len(s.FromClient) != end || len(s.ToClient) != 0 {
				t.Fatalf("%d bytes of %q: action %d, %d bytes kept", end, packet, s.Action, len(s.FromClient))
			}
		}
	}
}

// A client may send its first messages without waiting for the server.
func TestBytesBehindTheStartup(t *testing.T) {
	in := join(aliceStartup, typed('Q', "select 1\x00"))
	for chunks := range codectest.Splits(in) {
		s := codectest.Start(t, Front(Options{}))
		s.Client(chunks...)
		s.Open(codecs.Target{})
		s.Client(typed('X', ""))
		if want := join(in, typed('X', "")); string(s.ToBackend) != string(want) {
			t.Fatalf("the backend heard %q, want %q", s.ToBackend, want)
		}
	}
}

func TestRoutingAllocatesNothing(t *testing.T) {
	front := Front(Options{})
	c := front.New()
	if n := testing.AllocsPerRun(1000, func() {
		c.Start()
		if c.Client(aliceStartup).Action != codecs.Route {
			t.Error("not routed")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(1000, func() { c = front.New() }); n != 1 {
		t.Errorf("New: %v allocations, want 1", n)
	}
}
