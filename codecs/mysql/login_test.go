package mysql

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// opened returns a session whose backend is connected and hasn't said a word.
func opened(t testing.TB, o Options, p response, target codecs.Target) started {
	t.Helper()
	s := start(t, o)
	s.Client(p.packet(1))
	if s.Action != codecs.Route {
		t.Fatalf("action %d, %+v", s.Action, s.Failure)
	}
	s.Open(target)
	return s
}

// sentResponse takes the handshake response apart that the backend was sent.
func sentResponse(t testing.TB, packet []byte, seq uint8) response {
	t.Helper()
	payload, f := (&leg{next: seq}).read(packet)
	p, ok := parseResponse(payload)
	if f != faultNone || !ok || len(packet) != headerSize+len(payload) {
		t.Fatalf("%q isn't one handshake response with number %d", packet, seq)
	}
	return p
}

// The whole login of a client with mysql_native_password, with every split of
// what both sides say.
func TestLogin(t *testing.T) {
	answer := packetOf(3, bytes.Repeat([]byte{0xbb}, nativeSize))
	for client := range codectest.Splits(aliceResponse().in("shop").packet(1)) {
		s := start(t, Options{})
		s.Client(client...)
		s.Open(codecs.Target{})
		s.Backend(codectest.Bytewise(modernBackend())...)
		got := sentResponse(t, s.heardBackend(), 1)
		if string(got.user) != "alice" || string(got.database) != "shop" || string(got.plugin) != nameNone || len(got.answer) != 0 {
			t.Fatalf("the backend was sent %+v", got)
		}
		s.Backend(codectest.Bytewise(switchTo(2, nameNative))...)
		if heard := s.heardClient(); !bytes.Equal(heard, switchTo(2, nameNative)) {
			t.Fatalf("the client heard %q", heard)
		}
		s.Client(codectest.Bytewise(answer)...)
		if heard := s.heardBackend(); !bytes.Equal(heard, answer) {
			t.Fatalf("the backend heard %q", heard)
		}
		s.Backend(okPacket(4)[:5], append(okPacket(4)[5:], "more"...))
		if heard := s.heardClient(); s.Action != codecs.Relay || string(heard) != string(okPacket(4))+"more" {
			t.Fatalf("action %d, the client heard %q", s.Action, heard)
		}
	}
}

// The numbers of the two legs differ when only one has an SSLRequest.
func TestNumbersAreShifted(t *testing.T) {
	shop := aliceResponse().in("shop")
	for _, clientTLS := range []bool{false, true} {
		for _, backendTLS := range []bool{false, true} {
			s, fromClient, fromBackend := start(t, Options{TLS: TLSOffered}), uint8(1), uint8(1)
			if clientTLS {
				s.Client(shop.sslRequest())
				s.Secured(codecs.TLS{})
				fromClient++
			}
			s.Client(shop.packet(fromClient))
			policy := codecs.NoTLS
			if backendTLS {
				policy = codecs.PreferTLS
			}
			s.Open(codecs.Target{TLS: policy})
			s.Backend(modernBackend())
			if backendTLS {
				checkSSLRequest(t, s)
				fromBackend++
			}
			sent := sentResponse(t, s.heardBackend(), fromBackend)
			if sent.capabilities.has(SSL) != backendTLS {
				t.Errorf("the backend was sent the flags %b", sent.capabilities)
			}
			s.Backend(switchTo(fromBackend+1, nameNative))
			if heard := s.heardClient(); !bytes.Equal(heard, switchTo(fromClient+1, nameNative)) {
				t.Errorf("the client heard %q", heard)
			}
			s.Client(packetOf(fromClient+2, nil))
			if heard := s.heardBackend(); !bytes.Equal(heard, packetOf(fromBackend+2, nil)) {
				t.Errorf("the backend heard %q", heard)
			}
			s.Backend(okPacket(fromBackend + 3))
			if heard := s.heardClient(); !bytes.Equal(heard, okPacket(fromClient+3)) || s.Action != codecs.Relay {
				t.Errorf("the client heard %q", heard)
			}
		}
	}
}

// checkSSLRequest expects one, with the flags of the response that follows it,
// and has TLS stand.
func checkSSLRequest(t *testing.T, s started) {
	t.Helper()
	sent := s.heardBackend()
	if s.Action != codecs.StartBackendTLS || len(sent) != headerSize+responseHead || sent[3] != 1 {
		t.Fatalf("action %d, the backend heard %q", s.Action, sent)
	}
	s.BackendSecured()
	if !bytes.Equal(s.ToBackend[headerSize:headerSize+responseHead], sent[headerSize:]) {
		t.Errorf("asked for TLS with %q, responded with %q", sent, s.ToBackend)
	}
}

func TestWhatTheBackendIsTold(t *testing.T) {
	alice := aliceResponse().in("shop")
	tenant := aliceResponse()
	tenant.user = []byte("alice@shop")
	renamed := codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: "shop_17"}}
	unoffered := alice
	unoffered.capabilities |= QueryAttributes | Compress | OptionalMetadata | Progress
	for _, test := range []struct {
		name           string
		response       response
		target         codecs.Target
		backend        Capabilities
		user, database string
		flags          Capabilities
	}{
		{"as it is", alice, codecs.Target{}, DefaultCapabilities, "alice", "shop", alice.capabilities},
		{"renamed", alice, renamed, DefaultCapabilities, "alice", "shop_17", alice.capabilities},
		{"user of a resource", tenant, codecs.Target{}, DefaultCapabilities, "alice", "", tenant.capabilities},
		{"user of a resource, named", tenant, renamed, DefaultCapabilities, "alice", "shop_17", alice.capabilities},
		{"flags that weren't offered", unoffered, codecs.Target{}, DefaultCapabilities, "alice", "shop", alice.capabilities},
		{"flags the backend lacks", alice, codecs.Target{}, DefaultCapabilities &^ (LocalFiles | LongPassword | MultiFactor), "alice", "shop", alice.capabilities &^ (LocalFiles | MultiFactor)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := opened(t, Options{UserSeparator: "@"}, test.response, test.target)
			s.Backend(backendGreetingPacket(test.backend))
			got := sentResponse(t, s.heardBackend(), 1)
			if string(got.user) != test.user || string(got.database) != test.database || got.capabilities != test.flags {
				t.Errorf("user %q, database %q, flags %b, want %b", got.user, got.database, got.capabilities, test.flags)
			}
			if !bytes.Equal(got.attributes, test.response.attributes) || got.maxPacket != 1<<24 || got.collation != utf8mb4 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestZstdLevelPasses(t *testing.T) {
	p := aliceResponse().in("shop")
	p.capabilities |= Zstd
	p.level = 7
	s := opened(t, Options{Capabilities: DefaultCapabilities | Zstd}, p, codecs.Target{})
	s.Backend(backendGreetingPacket(DefaultCapabilities | Zstd))
	if got := sentResponse(t, s.heardBackend(), 1); got.level != 7 || !got.capabilities.has(Zstd) {
		t.Errorf("%+v", got)
	}
}

func TestDatabaseThatCannotBeAskedFor(t *testing.T) {
	for _, name := range []string{"a\x00b", string(make([]byte, maxName+1))} {
		s := start(t, Options{})
		s.Client(aliceResponse().in("shop").packet(1))
		s.Open(codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: name}})
		if s.Action != codecs.Fail || s.Failure.Kind != codecs.Internal {
			t.Errorf("action %d, %+v", s.Action, s.Failure)
		}
	}
}

func TestBackendsThatCannotBeUsed(t *testing.T) {
	for _, test := range []struct {
		name    string
		policy  codecs.TLSPolicy
		greeted []byte
		code    uint16
		detail  string
	}{
		{"no DEPRECATE_EOF", codecs.NoTLS, backendGreetingPacket(DefaultCapabilities &^ DeprecateEOF), 1043, detailMissing},
		{"no SESSION_TRACK", codecs.NoTLS, backendGreetingPacket(DefaultCapabilities &^ SessionTrack), 1043, detailMissing},
		{"no PLUGIN_AUTH", codecs.NoTLS, backendGreetingPacket(DefaultCapabilities &^ PluginAuth), 1043, detailMissing},
		{"no TLS", codecs.RequireTLS, backendGreetingPacket(DefaultCapabilities), 1040, detailBackendNoTLS},
		{"SMTP", codecs.NoTLS, []byte("220 mail.example ESMTP\r\n"), 1040, detailBackend},
		{"protocol 9", codecs.NoTLS, packetOf(0, []byte("\x093.20\x00")), 1040, detailBackend},
		{"nothing", codecs.NoTLS, packetOf(0, nil), 1040, detailBackend},
		{"a greeting cut short", codecs.NoTLS, packetOf(0, modernBackend()[headerSize:60]), 1040, detailBackend},
		{"a number too high", codecs.NoTLS, packetOf(1, modernBackend()[headerSize:]), 1040, detailBackend},
	} {
		t.Run(test.name, func(t *testing.T) {
			for chunks := range codectest.Splits(test.greeted) {
				s := opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{TLS: test.policy})
				s.Backend(chunks...)
				if s.Action != codecs.Fail || s.Failure.Detail != test.detail || len(s.heardBackend()) != 0 {
					t.Fatalf("action %d, %+v", s.Action, s.Failure)
				}
				if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code || got.seq != 2 {
					t.Fatalf("refused with %+v", got)
				}
			}
		})
	}
}

func TestOldGreetingsAreRead(t *testing.T) {
	old := []byte("\x0a4.1.22\x00\x01\x00\x00\x00abcdefgh\x00\x2c\xa2")
	g, ok := parseGreeting(old)
	if !ok || string(g.version) != "4.1.22" || string(g.salt) != "abcdefgh" || g.capabilities != 0xa22c {
		t.Errorf("%+v, %v", g, ok)
	}
	unterminated := modernBackend()[headerSize : len(modernBackend())-1]
	if g, ok = parseGreeting(unterminated); !ok || string(g.plugin) != nameNative || !bytes.Equal(g.salt, otherSalt) {
		t.Errorf("%+v, %v", g, ok)
	}
}

// The backend's own ERR passes verbatim, in every state, and has the last word.
func TestBackendsOwnERR(t *testing.T) {
	blocked := packetOf(0, []byte("\xff\x69\x04Host '10.0.0.1' is blocked")) // without an SQLSTATE
	s := opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{})
	s.Backend(codectest.Bytewise(blocked)...)
	if heard := s.heardClient(); !bytes.Equal(heard, packetOf(2, blocked[headerSize:])) {
		t.Errorf("the client heard %q", heard)
	}
	if words := s.Refuse(codecs.Failure{Kind: codecs.Unavailable}); s.Action != codecs.Close || len(words) != 0 {
		t.Errorf("action %d, %q follows the backend's own ERR", s.Action, words)
	}
	s = opened(t, Options{}, aliceResponse().in("shop"), codecs.Target{})
	s.Backend(modernBackend(), switchTo(2, nameNative))
	s.Client(packetOf(3, make([]byte, nativeSize)))
	s.heardClient()
	s.Backend(errPacket(4, 1045, "Access denied for user 'alice'"))
	if heard := s.heardClient(); !bytes.Equal(heard, errPacket(4, 1045, "Access denied for user 'alice'")) {
		t.Errorf("the client heard %q", heard)
	}
	if words := s.Refuse(codecs.Failure{Kind: codecs.Unavailable}); s.Action != codecs.Close || len(words) != 0 {
		t.Errorf("action %d, %q follows the backend's own ERR", s.Action, words)
	}
}

// oldResponse is what a client sends that has one authentication method only.
func oldResponse() response {
	p := aliceResponse().in("shop")
	p.capabilities &^= PluginAuth | PluginAuthLenEnc | ConnectAttrs
	return p
}

func TestClientsWithoutPluginAuth(t *testing.T) {
	s := opened(t, Options{}, oldResponse(), codecs.Target{})
	s.Backend(modernBackend())
	if heard := s.heardClient(); !bytes.Equal(heard, packetOf(2, appendAuthSwitch(nil, nameNative, otherSalt))) {
		t.Fatalf("the client heard %q", heard)
	}
	proof := bytes.Repeat([]byte{0xcc}, nativeSize)
	s.Client(packetOf(3, proof))
	got := sentResponse(t, s.heardBackend(), 1)
	if !bytes.Equal(got.answer, proof) || got.capabilities != oldResponse().capabilities {
		t.Errorf("the backend was sent %+v", got)
	}
	s.Backend(okPacket(2))
	if heard := s.heardClient(); !bytes.Equal(heard, okPacket(4)) || s.Action != codecs.Relay {
		t.Errorf("action %d, the client heard %q", s.Action, heard)
	}
}

func TestClientsWithoutPluginAuthOrPassword(t *testing.T) {
	p := oldResponse()
	p.answer = nil
	s := opened(t, Options{}, p, codecs.Target{})
	s.Backend(modernBackend())
	if got := sentResponse(t, s.heardBackend(), 1); len(got.answer) != 0 || len(s.heardClient()) != 0 {
		t.Errorf("the backend was sent %+v", got)
	}
}

func TestClientsThatAreTooOld(t *testing.T) {
	answer := packetOf(3, make([]byte, nativeSize))
	for _, test := range []struct {
		name    string
		client  []byte
		backend []byte
		seq     uint8
		code    uint16
	}{
		{"takes itself for logged in", packetOf(0, []byte("\x03select 1")), nil, 1, 1251},
		{"an answer of another length", packetOf(3, make([]byte, 8)), nil, 4, 1043},
		{"the backend wants another method", answer, switchTo(2, nameSHA2), 4, 1251},
		{"the backend wants the oldest", answer, packetOf(2, []byte{typeAuthSwitch}), 4, 1251},
	} {
		s := opened(t, Options{}, oldResponse(), codecs.Target{})
		s.Backend(modernBackend())
		s.Client(test.client)
		if test.backend != nil {
			s.Backend(test.backend)
		}
		if s.Action != codecs.Fail {
			t.Fatalf("%s: action %d", test.name, s.Action)
		}
		if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code || got.seq != test.seq {
			t.Errorf("%s: refused with %+v", test.name, got)
		}
	}
}
