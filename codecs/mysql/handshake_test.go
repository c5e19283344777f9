package mysql

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func TestGreeting(t *testing.T) {
	for _, o := range []Options{{}, {TLS: TLSOffered, ServerVersion: "9.9.9", Plugin: nameSHA2}} {
		o.Random, o.NextID = &counting{next: 0x22}, func() uint32 { return 7 }
		s := codectest.Start(t, Front(o))
		payload, f := (&leg{}).read(s.ToClient)
		g, ok := parseGreeting(payload)
		if f != faultNone || !ok {
			t.Fatalf("%q: fault %d", s.ToClient, f)
		}
		want := o.settings()
		if string(g.version) != want.ServerVersion || string(g.plugin) != want.Plugin || g.id != 7 {
			t.Errorf("greeted as %s with %s, id %d", g.version, g.plugin, g.id)
		}
		if tls := g.capabilities.has(SSL); tls != (o.TLS != TLSOff) || g.capabilities&^SSL != DefaultCapabilities {
			t.Errorf("offered %b, TLS %v", g.capabilities, tls)
		}
		if len(g.salt) != saltSize || bytes.ContainsAny(g.salt, "\x00$") {
			t.Errorf("nonce %q", g.salt)
		}
	}
}

func TestSaltsAreFitForEveryClient(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	printable(all)
	for i, b := range all {
		if b == 0 || b == '$' || b > 0x7f {
			t.Errorf("%#x becomes %#x", i, b)
		}
	}
}

func TestNoRandomness(t *testing.T) {
	for _, o := range []Options{{Random: failing{}}, {Random: bytes.NewReader(make([]byte, saltSize))}} {
		s := codectest.Start(t, Front(Options{Random: o.Random}))
		if s.Action != codecs.Fail || s.Failure.Kind != codecs.Internal {
			t.Errorf("action %d, %+v", s.Action, s.Failure)
		}
		if got := parseERR(t, s.Refuse(s.Failure)); got.seq != 0 || got.code != 1105 {
			t.Errorf("refused with %+v", got)
		}
	}
}

// responseOfSize pads the attributes, whose two lengths take 4 bytes each.
func responseOfSize(size int) []byte {
	p := aliceResponse().in("shop")
	p.attributes = nil
	room := size - len(appendResponse(nil, p)) - 3
	p.attributes = attributesOf("x", strings.Repeat("y", room-len("_x____")))
	return p.packet(1)
}

func TestHostileHandshakes(t *testing.T) {
	alice := aliceResponse()
	shop := appendResponse(nil, alice.in("shop"))
	tooLong := append([]byte{1, 0, 0x10, 1}, shop...)
	for _, test := range []struct {
		name   string
		packet []byte
		code   uint16
		detail string
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\n"), 1153, detailLong},
		{"one byte too long", tooLong, 1153, detailLong},
		{"24 bits of length", []byte{0xff, 0xff, 0xff, 1}, 1153, detailLong},
		{"TLS without being asked", []byte("\x16\x03\x01\x02\x00\x01"), 1156, detailOrder},
		{"sequence 0", packetOf(0, shop), 1156, detailOrder},
		{"sequence 2", packetOf(2, shop), 1156, detailOrder},
		{"nothing", packetOf(1, nil), 1043, detailResponse},
		{"one byte", packetOf(1, []byte{0xff}), 1043, detailResponse},
		{"flags only", packetOf(1, shop[:4]), 1043, detailResponse},
		{"no user", packetOf(1, shop[:responseHead]), 1043, detailResponse},
		{"user without end", packetOf(1, shop[:responseHead+3]), 1043, detailResponse},
		{"no answer", packetOf(1, shop[:responseHead+6]), 1043, detailResponse},
		{"answer cut short", packetOf(1, shop[:responseHead+10]), 1043, detailResponse},
		{"attributes cut short", packetOf(1, shop[:len(shop)-1]), 1043, detailResponse},
		{"HandshakeResponse320", packetOf(1, []byte("\x05\x00\xff\xff\xffalice\x00abcdefgh\x00")), 1251, detailOld},
		{"TLS that isn't offered", alice.sslRequest(), 1043, detailNoTLS},
		{"no database", alice.packet(1), 1046, detailNoDatabase},
		{"an empty database", alice.in("").packet(1), 1046, detailNoDatabase},
	} {
		t.Run(test.name, func(t *testing.T) {
			for chunks := range codectest.Splits(test.packet) {
				s := start(t, Options{})
				s.Client(chunks...)
				if s.Action != codecs.Fail || s.Failure.Detail != test.detail {
					t.Fatalf("in %d chunks: action %d, %+v", len(chunks), s.Action, s.Failure)
				}
				if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code || got.seq != test.packet[3]+1 {
					t.Fatalf("refused with %+v", got)
				}
			}
		})
	}
}

func TestLongestResponse(t *testing.T) {
	s := start(t, Options{})
	packet := responseOfSize(maxPayload)
	if payloadSize(packet) != maxPayload {
		t.Fatalf("%d bytes", payloadSize(packet))
	}
	s.Client(packet)
	if s.Action != codecs.Route || string(s.Resource) != "shop" {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

func TestFieldsMayBeMissingAtTheEnd(t *testing.T) {
	p := aliceResponse().in("shop")
	whole := appendResponse(nil, p)
	noAttributes := p
	noAttributes.capabilities &^= ConnectAttrs
	noPlugin := noAttributes
	noPlugin.capabilities &^= PluginAuth
	for _, size := range []int{len(appendResponse(nil, noPlugin)), len(appendResponse(nil, noAttributes)), len(appendResponse(nil, noAttributes)) - 1} {
		s := start(t, Options{})
		s.Client(packetOf(1, whole[:size]))
		if s.Action != codecs.Route || string(s.Resource) != "shop" {
			t.Errorf("with %d bytes of %d: action %d, %+v", size, len(whole), s.Action, s.Failure)
		}
	}
}

func TestTLSOfTheClient(t *testing.T) {
	shop := aliceResponse().in("shop")
	shop.capabilities |= SSL
	for _, mode := range []TLSMode{TLSOffered, TLSRequired} {
		for chunks := range codectest.Splits(shop.sslRequest()) {
			s := start(t, Options{TLS: mode})
			s.Client(chunks...)
			if s.Action != codecs.StartTLS {
				t.Fatalf("action %d, %+v", s.Action, s.Failure)
			}
			if words := s.Refuse(codecs.Failure{Kind: codecs.Timeout}); len(words) != 0 {
				t.Fatalf("%q is said into the handshake", words)
			}
			s.Secured(codecs.TLS{})
			s.Client(shop.packet(2))
			if s.Action != codecs.Route || string(s.Resource) != "shop" {
				t.Fatalf("action %d, %+v", s.Action, s.Failure)
			}
		}
	}
}

// What is glued to an SSLRequest is left to TLS.
func TestBehindTheSSLRequest(t *testing.T) {
	s := start(t, Options{TLS: TLSOffered})
	s.Client(join(aliceResponse().sslRequest(), aliceResponse().in("shop").packet(2)))
	if s.Action != codecs.StartTLS || len(s.FromClient) != len(aliceResponse().in("shop").packet(2)) {
		t.Errorf("action %d, %d bytes are left", s.Action, len(s.FromClient))
	}
}

func TestTLSRefusals(t *testing.T) {
	shop := aliceResponse().in("shop")
	long := shop
	long.capabilities |= SSL
	for _, test := range []struct {
		name   string
		mode   TLSMode
		secure bool
		packet []byte
		code   uint16
	}{
		{"required", TLSRequired, false, shop.packet(1), 3159},
		{"more than the fixed part", TLSOffered, false, long.packet(1), 1043},
		{"once more inside TLS", TLSOffered, true, packetOf(2, shop.sslRequest()[headerSize:]), 1043},
	} {
		s := start(t, Options{TLS: test.mode})
		if test.secure {
			s.Client(shop.sslRequest())
			s.Secured(codecs.TLS{})
		}
		s.Client(test.packet)
		if s.Action != codecs.Fail {
			t.Fatalf("%s: action %d", test.name, s.Action)
		}
		if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code || got.seq != test.packet[3]+1 {
			t.Errorf("%s: refused with %+v", test.name, got)
		}
	}
}

// On a listener that is TLS from the first byte nothing is negotiated.
func TestTLSFromTheFirstByte(t *testing.T) {
	s := codectest.StartSecured(t, Front(Options{TLS: TLSRequired, RouteBySNI: true}), codecs.TLS{ServerName: "Shop.example"})
	payload, _ := (&leg{}).read(s.ToClient)
	if g, ok := parseGreeting(payload); !ok || g.capabilities.has(SSL) {
		t.Errorf("greeted with %+v", g)
	}
	s.Client(aliceResponse().packet(1))
	if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
		t.Errorf("action %d, %+v, resource %q", s.Action, s.Failure, s.Resource)
	}
}
