package mysql

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// lateClient is a client of caching_sha2_password without a database.
func lateClient() response {
	p := aliceResponse()
	p.plugin, p.answer = []byte(nameSHA2), make([]byte, sha2Size)
	return p
}

// waiting returns a session that is logged in without a backend, inside TLS.
func waiting(t testing.TB, o Options) started {
	t.Helper()
	o.LateBinding, o.TLS = true, TLSOffered
	s := start(t, o)
	s.Client(lateClient().sslRequest())
	s.Secured(codecs.TLS{})
	s.Client(lateClient().packet(2))
	s.fromClient(clear0)
	if s.Action != codecs.More || s.codec.phase != phaseCommand {
		t.Fatalf("action %d, phase %s, %+v", s.Action, s.codec.phase, s.Failure)
	}
	s.heardClient()
	return s
}

// command sends one.
func (s started) command(command byte, rest string) {
	s.Client(packetOf(0, append([]byte{command}, rest...)))
}

func TestLateLoginInsideTLS(t *testing.T) {
	for _, plugin := range []string{nameSHA2, nameNative} {
		s := start(t, Options{LateBinding: true, TLS: TLSOffered})
		p := lateClient()
		s.Client(p.sslRequest())
		s.Secured(codecs.TLS{})
		p.plugin = []byte(plugin)
		s.Client(codectest.Bytewise(p.packet(2))...)
		if plugin != nameSHA2 {
			want := packetOf(3, appendAuthSwitch(nil, nameSHA2, s.codec.salt[:]))
			if heard := s.heardClient(); !bytes.Equal(heard, want) {
				t.Fatalf("the client heard %q", heard)
			}
			s.Client(codectest.Bytewise(packetOf(4, make([]byte, sha2Size)))...)
		}
		if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, []byte{typeMoreData, sha2Full}) {
			t.Fatalf("the client heard %q", heard)
		}
		s.Client(codectest.Bytewise(packetOf(s.codec.client.next, clear0))...)
		if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, appendOK(nil, statusAutocommit)) {
			t.Fatalf("the client heard %q", heard)
		}
		if string(s.codec.late.password) != testPassword {
			t.Errorf("the password is %q", s.codec.late.password)
		}
	}
}

func TestLateLoginWithoutTLS(t *testing.T) {
	s := start(t, Options{LateBinding: true, Key: testKey()})
	s.Client(lateClient().packet(1))
	s.Client(packetOf(3, []byte{sha2KeyRequest}))
	heard := s.heardClient()[headerSize+2:]
	sealed, err := seal(&counting{}, payloadOf(t, heard)[1:], clear0, s.codec.salt[:])
	if err != nil {
		t.Fatal(err)
	}
	s.Client(packetOf(5, sealed))
	if got := payloadOf(t, s.heardClient()); !bytes.Equal(got, appendOK(nil, statusAutocommit)) {
		t.Errorf("the client heard %q", got)
	}
	if string(s.codec.late.password) != testPassword {
		t.Errorf("the password is %q", s.codec.late.password)
	}
}

func TestLateLoginWithoutPassword(t *testing.T) {
	for _, none := range [][]byte{nil, {0}} {
		for _, plugin := range []string{nameSHA2, nameNative} {
			p := lateClient()
			p.plugin, p.answer = []byte(plugin), none
			s := start(t, Options{LateBinding: true, Key: testKey()})
			s.Client(p.packet(1))
			if plugin == nameNative {
				s.heardClient()
				s.fromClient(none)
			}
			if got := payloadOf(t, s.heardClient()); !bytes.Equal(got, appendOK(nil, statusAutocommit)) {
				t.Errorf("the client heard %q", got)
			}
		}
	}
}

func TestLateLoginRefusals(t *testing.T) {
	key := Options{LateBinding: true, Key: testKey()}
	compressing := key
	compressing.Capabilities = DefaultCapabilities | Compress
	compressed, old, short := lateClient(), lateClient(), lateClient()
	compressed.capabilities |= Compress
	old.capabilities &^= PluginAuth
	short.answer = make([]byte, nativeSize)
	for _, test := range []struct {
		name    string
		options Options
		packet  []byte
		then    []byte
		code    uint16
		detail  string
	}{
		{"late binding is off", Options{}, lateClient().packet(1), nil, 1046, detailNoDatabase},
		{"compression", compressing, compressed.packet(1), nil, 1046, detailCompressed},
		{"no methods", key, old.packet(1), nil, 1046, detailNoPlugin},
		{"no TLS and no key", Options{LateBinding: true}, lateClient().packet(1), nil, 1046, detailNoSafeWay},
		{"an answer of another method", key, short.packet(1), nil, 1043, detailAnswer},
		{"an empty packet for a password", key, lateClient().packet(1), packetOf(3, nil), 1045, detailDenied},
		{"a password that can't be decrypted", key, lateClient().packet(1), packetOf(3, make([]byte, 256)), 1045, detailDenied},
	} {
		s := start(t, test.options)
		s.Client(test.packet)
		if test.then != nil {
			s.Client(test.then)
		}
		if s.Action != codecs.Fail || s.Failure.Detail != test.detail {
			t.Errorf("%s: action %d, %+v", test.name, s.Action, s.Failure)
			continue
		}
		if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code {
			t.Errorf("%s: refused with %+v", test.name, got)
		}
	}
}

// bound brings a waiting session to where the backend asks for a method.
func bound(t *testing.T, s started, plugin string) {
	t.Helper()
	s.command(commandInitDB, "shop")
	if s.Action != codecs.Route || string(s.Resource) != "shop" {
		t.Fatalf("action %d, resource %q", s.Action, s.Resource)
	}
	s.Open(codecs.Target{})
	s.Backend(modernBackend())
	got := sentResponse(t, s.heardBackend(), 1)
	if string(got.user) != "alice" || got.capabilities.has(ConnectWithDB) || got.capabilities.has(MultiFactor) {
		t.Fatalf("the backend was sent %+v", got)
	}
	s.Backend(switchTo(2, plugin))
}

func TestLateBinding(t *testing.T) {
	s := waiting(t, Options{})
	bound(t, s, nameNative)
	if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, nativeAnswer([]byte(testPassword), backendSalt)) {
		t.Errorf("the backend heard %q", heard)
	}
	kept := s.codec.late.password
	s.Backend(okPacket(4))
	if heard := s.heardBackend(); s.Action != codecs.Relay || !bytes.Equal(heard, packetOf(0, []byte("\x02shop"))) {
		t.Errorf("action %d, the backend heard %q", s.Action, heard)
	}
	checkWiped(t, kept)
	if len(s.heardClient()) != 0 {
		t.Error("the client heard something before the backend's answer")
	}
}

// The database a route names is the one the backend is asked for.
func TestLateBindingRenamed(t *testing.T) {
	s := waiting(t, Options{})
	s.command(commandQuery, "use shop")
	s.Open(codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: "shop_17"}})
	s.Backend(modernBackend(), okPacket(2))
	if heard := s.heardBackend(); !bytes.HasSuffix(heard, packetOf(0, []byte("\x02shop_17"))) {
		t.Errorf("the backend heard %q", heard)
	}
}

func TestLateMethods(t *testing.T) {
	sha2 := waiting(t, Options{})
	bound(t, sha2, nameSHA2)
	if heard := payloadOf(t, sha2.heardBackend()); !bytes.Equal(heard, sha2Answer([]byte(testPassword), backendSalt)) {
		t.Errorf("the backend heard %q", heard)
	}
	sha2.fromBackend([]byte{typeMoreData, sha2Known})
	if len(sha2.ToBackend) != 0 || sha2.Action != codecs.More {
		t.Errorf("the backend heard %q", sha2.ToBackend)
	}
	for _, plugin := range []string{nameSHA2, nameSHA256} {
		s := waiting(t, Options{})
		bound(t, s, plugin)
		if plugin == nameSHA2 {
			s.heardBackend()
			s.fromBackend([]byte{typeMoreData, sha2Full})
		}
		if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, []byte{methodOf([]byte(plugin)).keyRequest()}) {
			t.Fatalf("the backend heard %q", heard)
		}
		s.fromBackend(testPublicKey())
		if got, err := open(nil, testKey(), payloadOf(t, s.heardBackend()), backendSalt); err != nil || !bytes.Equal(got, clear0) {
			t.Errorf("the backend decrypts %q, %v", got, err)
		}
	}
}

func TestLateMethodRefusals(t *testing.T) {
	for plugin, detail := range map[string]string{"client_ed25519": detailMethod, nameClear: detailClearNotTLS} {
		s := waiting(t, Options{})
		bound(t, s, plugin)
		if s.Action != codecs.Fail || s.Failure.Detail != detail {
			t.Errorf("%s: action %d, %+v", plugin, s.Action, s.Failure)
		}
		kept := s.codec.late.password
		if got := parseERR(t, s.Refuse(s.Failure)); got.seq != 1 {
			t.Errorf("%s: refused with %+v", plugin, got)
		}
		checkWiped(t, kept)
	}
	s := waiting(t, Options{})
	bound(t, s, nameNative)
	s.fromBackend([]byte{typeMoreData, 9})
	if s.Failure.Detail != detailMethod {
		t.Errorf("%+v", s.Failure)
	}
}

// The backend's ERR answers the selection of the database.
func TestLateWrongPassword(t *testing.T) {
	s := waiting(t, Options{})
	bound(t, s, nameNative)
	kept := s.codec.late.password
	s.Backend(errPacket(4, 1045, "Access denied"))
	if heard := s.heardClient(); !bytes.Equal(heard, errPacket(1, 1045, "Access denied")) {
		t.Errorf("the client heard %q", heard)
	}
	checkWiped(t, kept)
}

func TestSettingsAreRepeated(t *testing.T) {
	s := waiting(t, Options{})
	s.command(commandQuery, "SET NAMES utf8mb4")
	s.command(commandSetOption, "\x00\x00")
	s.command(commandQuery, "/*!40101 set @x = ';' */")
	if heard := s.heardClient(); bytes.Count(heard, []byte{0}) < 3 || bytes.IndexByte(heard, typeERR) >= 0 {
		t.Fatalf("the client heard %q", heard)
	}
	bound(t, s, nameNative)
	s.heardBackend()
	s.Backend(okPacket(4))
	answers := [][]byte{appendOK(nil, 0), appendEnd(nil, 0, 0), appendEnd(nil, DeprecateEOF, 0)}
	for i, want := range []string{"\x03SET NAMES utf8mb4", "\x1b\x00\x00", "\x03/*!40101 set @x = ';' */"} {
		if heard := s.heardBackend(); !bytes.Equal(heard, packetOf(0, []byte(want))) {
			t.Fatalf("the backend heard %q, want %q", heard, want)
		}
		s.Backend(codectest.Bytewise(packetOf(1, answers[i]))...)
	}
	if heard := s.heardBackend(); s.Action != codecs.Relay || !bytes.Equal(heard, packetOf(0, []byte("\x02shop"))) {
		t.Errorf("action %d, the backend heard %q", s.Action, heard)
	}
}

func TestSettingsTheBackendRefuses(t *testing.T) {
	for _, answer := range [][]byte{
		errPacket(1, 1193, "Unknown system variable"), packetOf(1, []byte{1}), packetOf(1, nil), packetOf(3, nil),
		packetOf(1, []byte{typeOK}), packetOf(1, appendOK(nil, statusMoreResults)), packetOf(1, appendEnd(nil, 0, statusMoreResults)),
	} {
		s := waiting(t, Options{})
		s.command(commandQuery, "SET nothing = 1")
		bound(t, s, nameNative)
		s.Backend(okPacket(4))
		s.heardClient()
		s.Backend(answer)
		if s.Action != codecs.Fail {
			t.Fatalf("action %d", s.Action)
		}
		heard := append(s.heardClient(), s.Refuse(s.Failure)...)
		if got := parseERR(t, heard); got.seq != 1 || got.code != 1193 && got.code != 1040 {
			t.Errorf("the client heard %+v", got)
		}
	}
}

func TestSettingsAreBounded(t *testing.T) {
	s := waiting(t, Options{})
	for range maxKept {
		s.command(commandQuery, "SET @x = 1")
	}
	s.heardClient()
	s.command(commandQuery, "SET @x = 1")
	s.command(commandSetOption, "\x00\x00")
	if heard := s.heardClient(); bytes.Count(heard, []byte("#3D000")) != 2 {
		t.Errorf("the client heard %q", heard)
	}
	s.command(commandResetConnection, "")
	s.heardClient()
	s.command(commandQuery, "SET @x = '"+strings.Repeat("x", maxKeptSize-20)+"'")
	if got := payloadOf(t, s.heardClient()); got[0] != typeOK {
		t.Errorf("the client heard %q", got)
	}
	s.command(commandQuery, "SET @x = 'twenty more bytes'")
	if got := payloadOf(t, s.heardClient()); got[0] != typeERR {
		t.Errorf("the client heard %q", got)
	}
}

func TestQuit(t *testing.T) {
	s := waiting(t, Options{})
	s.command(commandQuit, "")
	if heard := s.heardClient(); s.Action != codecs.Close || len(heard) != 0 {
		t.Errorf("action %d, the client heard %q", s.Action, heard)
	}
}

// What comes glued to the selection of the database waits for the backend.
func TestPipelinedBehindUse(t *testing.T) {
	s := waiting(t, Options{})
	query := packetOf(0, []byte("\x03select 1"))
	s.Client(join(packetOf(0, []byte("\x0e")), packetOf(0, []byte("\x03USE shop")), query))
	s.Open(codecs.Target{})
	s.Backend(modernBackend(), okPacket(2))
	if heard := s.heardBackend(); s.Action != codecs.Relay || !bytes.HasSuffix(heard, join(packetOf(0, []byte("\x02shop")), query)) {
		t.Errorf("action %d, the backend heard %q", s.Action, heard)
	}
}

// The memory a password was written to is overwritten with the next call.
func TestWrittenPasswordsAreWiped(t *testing.T) {
	s := twoLegs(t, nameClear, true, true, Options{})
	s.fromClient(clear0)
	written := s.codec.toBackend
	if !bytes.Contains(written, clear0) {
		t.Fatalf("%q", written)
	}
	s.Backend(okPacket(s.codec.backend.next)[:2])
	checkWiped(t, written)
}
