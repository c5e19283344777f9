package postgres

import (
	"fmt"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

var (
	malformedLength = codecs.Failure{Kind: codecs.Malformed, Detail: detailLength}
	malformedLayout = codecs.Failure{Kind: codecs.Malformed, Detail: detailLayout}
	noUser          = codecs.Failure{Kind: codecs.Forbidden, Detail: detailNoUser}
	unsupported     = codecs.Failure{Kind: codecs.Unsupported, Detail: detailVersion}
)

// whole stands for the whole packet.
const whole = -1

var hostile = []struct {
	name   string
	packet []byte
	// at is the byte the decision falls on.
	at   int
	want codecs.Failure
}{
	{"length 0", lengthened(aliceStartup, 0), 4, malformedLength},
	{"length within itself", lengthened(aliceStartup, 3), 4, malformedLength},
	{"length without a code", lengthened(aliceStartup, 4), 4, malformedLength},
	{"length within the code", lengthened(aliceStartup, 7), 4, malformedLength},
	{"length one too great", longestStartup(1), 4, malformedLength},
	{"length -1", lengthened(aliceStartup, 0xffffffff), 4, malformedLength},
	{"HTTP", []byte("GET / HTTP/1.1\r\n"), 4, malformedLength},
	{"direct TLS", []byte("\x16\x03\x01\x02\x00\x01"), 1, codecs.Failure{Kind: codecs.Unsupported, Detail: detailDirectTLS}},

	{"version 0.5", startup(5, "user", "alice"), 8, unsupported},
	{"version 1.0", startup(1<<16, "user", "alice"), 8, unsupported},
	{"version 2.0", startup(2<<16, "user", "alice"), 8, unsupported},
	{"version 4.0", startup(4<<16, "user", "alice"), 8, unsupported},
	{"below the requests", untyped(codeCancel-1, ""), 8, unsupported},
	{"above the requests", untyped(codeGSSENC+1, ""), 8, unsupported},

	{"no body", untyped(version30, ""), whole, malformedLayout},
	{"no terminator", untyped(version30, "user\x00alice\x00"), whole, malformedLayout},
	{"no end of a value", untyped(version30, "user\x00alice"), whole, malformedLayout},
	{"no end of a name", untyped(version30, "user"), whole, malformedLayout},
	{"a name without a value", untyped(version30, "user\x00alice\x00database\x00"), whole, malformedLayout},
	{"the terminator as a value", untyped(version30, "user\x00alice\x00database\x00\x00"), whole, malformedLayout},
	{"bytes behind the terminator", untyped(version30, "user\x00alice\x00\x00x\x00"), whole, malformedLayout},
	{"a NUL behind the terminator", untyped(version30, "user\x00alice\x00\x00\x00"), whole, malformedLayout},
	{"parameters behind the terminator", untyped(version30, "user\x00alice\x00\x00database\x00shop\x00\x00"), whole, malformedLayout},
	{"an empty name", untyped(version30, "\x00x\x00user\x00alice\x00\x00"), whole, malformedLayout},

	{"no parameters", startup(version30), whole, noUser},
	{"no user", startup(version30, "database", "shop"), whole, noUser},
	{"an empty user", startup(version30, "user", "", "database", "shop"), whole, noUser},
	{"an empty last user", startup(version30, "user", "alice", "user", "", "database", "shop"), whole, noUser},
	{"names have a case", startup(version30, "USER", "alice", "database", "shop"), whole, noUser},

	{"SSLRequest with a body", untyped(codeSSL, "x"), 8, malformedLength},
	{"GSSENCRequest with a body", untyped(codeGSSENC, "x"), 8, malformedLength},
}

func TestHostileOpenings(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			if test.at == whole {
				test.at = len(test.packet)
			}
			s := codectest.Start(t, Front(Options{}))
			s.Client(codectest.Bytewise(test.packet[:test.at-1])...)
			if s.Action != codecs.More {
				t.Fatalf("decided too early: action %d", s.Action)
			}
			for chunks := range codectest.Splits(test.packet) {
				s := codectest.Start(t, Front(Options{}))
				s.Client(chunks...)
				if s.Action != codecs.Fail || s.Failure != test.want {
					t.Fatalf("in %d chunks: action %d, %+v, want %+v", len(chunks), s.Action, s.Failure, test.want)
				}
			}
			s.Client(test.packet[test.at-1 : test.at])
			if s.Action != codecs.Fail || s.Failure != test.want {
				t.Fatalf("at byte %d: action %d, %+v, want %+v", test.at, s.Action, s.Failure, test.want)
			}
			decodeError(t, s.Refuse(s.Failure))
		})
	}
}

func TestFront(t *testing.T) {
	f := Front(Options{})
	if f.Protocol != codecs.PostgreSQL || !f.ClientFirst || f.MaxPending != 10_004 {
		t.Errorf("Front = %v ClientFirst %v MaxPending %d", f.Protocol, f.ClientFirst, f.MaxPending)
	}
	if !f.Negotiates || !slices.Equal(f.ALPN, []string{"postgresql"}) {
		t.Errorf("Negotiates %v ALPN %q", f.Negotiates, f.ALPN)
	}
	if n := Front(Options{TLS: TLSPassthrough}).MaxPending; n < clienthello.MaxSize {
		t.Errorf("passthrough: MaxPending %d", n)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[fmt.Stringer]string{
		phaseOpening: "opening", phaseAsking: "asking", phaseReplay: "replay", phaseDeclined: "declined",
		phaseHandover: "handover", phaseHandover + 1: "unknown",
		errandLogin: "login", errandCancel: "cancel", errandTunnel: "tunnel", errandTunnel + 1: "unknown",
		TLSOff: "off", TLSOffered: "offered", TLSRequired: "required", TLSPassthrough: "passthrough", TLSPassthrough + 1: "unknown",
	} {
		if got.String() != want {
			t.Errorf("%T %d is called %q, want %q", got, got, got, want)
		}
	}
}
