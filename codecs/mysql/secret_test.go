package mysql

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// twoLegs is a session in which the backend has asked for a method that may
// want the password, with TLS on the legs named.
func twoLegs(t *testing.T, method string, clientTLS, backendTLS bool, o Options) started {
	t.Helper()
	o.TLS = TLSOffered
	shop, seq, policy := aliceResponse().in("shop"), uint8(1), codecs.NoTLS
	s := start(t, o)
	if clientTLS {
		s.Client(shop.sslRequest())
		s.Secured(codecs.TLS{})
		seq++
	}
	s.Client(shop.packet(seq))
	if backendTLS {
		policy = codecs.RequireTLS
	}
	s.Open(codecs.Target{TLS: policy})
	s.Backend(modernBackend())
	if backendTLS {
		s.BackendSecured()
	}
	s.fromBackend(appendAuthSwitch(nil, method, backendSalt))
	s.heardClient()
	s.heardBackend()
	return s
}

// fromClient and fromBackend send the next packet of a leg.
func (s started) fromClient(payload []byte) { s.Client(packetOf(s.codec.client.next, payload)) }

func (s started) fromBackend(payload []byte) { s.Backend(packetOf(s.codec.backend.next, payload)) }

// payloadOf returns the payload of the one packet that was sent.
func payloadOf(t *testing.T, packet []byte) []byte {
	t.Helper()
	if len(packet) < headerSize || payloadSize(packet) != len(packet)-headerSize {
		t.Fatalf("%q isn't one packet", packet)
	}
	return packet[headerSize:]
}

func testPublicKey() []byte { return publicKeyOf(testKey()) }

// fullAuthentication brings caching_sha2_password to where the password is
// asked for; sha256_password is there at once.
func (s started) fullAuthentication(t *testing.T, method string) {
	t.Helper()
	if method == nameSHA256 {
		return
	}
	s.fromClient(make([]byte, sha2Size))
	s.heardBackend()
	s.fromBackend([]byte{typeMoreData, sha2Full})
	if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, []byte{typeMoreData, sha2Full}) {
		t.Fatalf("the client heard %q", heard)
	}
}

var clear0 = []byte(testPassword + "\x00")

// Where both legs are alike every packet passes.
func TestPasswordsPassBetweenLikeLegs(t *testing.T) {
	for _, method := range []string{nameSHA2, nameSHA256} {
		for _, tls := range []bool{false, true} {
			s := twoLegs(t, method, tls, tls, Options{})
			s.fullAuthentication(t, method)
			for _, payload := range [][]byte{{methodOf([]byte(method)).keyRequest()}, clear0} {
				s.fromClient(payload)
				if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, payload) {
					t.Errorf("the backend heard %q", heard)
				}
				s.fromBackend(testPublicKey())
				if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, testPublicKey()) {
					t.Errorf("the client heard %q", heard)
				}
			}
		}
	}
}

// A client inside TLS, a backend that isn't: the password is encrypted to the
// backend's key.
func TestPasswordsAreEncryptedForAPlainBackend(t *testing.T) {
	for _, method := range []string{nameSHA2, nameSHA256} {
		s := twoLegs(t, method, true, false, Options{})
		s.fullAuthentication(t, method)
		s.fromClient(clear0)
		if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, []byte{methodOf([]byte(method)).keyRequest()}) {
			t.Fatalf("the backend heard %q", heard)
		}
		kept := s.codec.login.secret
		s.fromBackend(testPublicKey())
		sealed := payloadOf(t, s.heardBackend())
		if got, err := open(nil, testKey(), sealed, backendSalt); err != nil || !bytes.Equal(got, clear0) {
			t.Errorf("%s: the backend decrypts %q, %v", method, got, err)
		}
		checkWiped(t, kept)
		s.fromBackend(appendOK(nil, 0))
		if s.Action != codecs.Relay || len(payloadOf(t, s.heardClient())) == 0 {
			t.Errorf("action %d", s.Action)
		}
	}
}

func checkWiped(t *testing.T, memory []byte) {
	t.Helper()
	if memory = memory[:cap(memory)]; len(memory) == 0 || !bytes.Equal(memory, make([]byte, len(memory))) {
		t.Errorf("%q is still there", memory)
	}
}

// A plain client, a backend inside TLS: the client encrypts to our key.
func TestPasswordsAreDecryptedForATLSBackend(t *testing.T) {
	for _, method := range []string{nameSHA2, nameSHA256} {
		s := twoLegs(t, method, false, true, Options{Key: testKey()})
		s.fullAuthentication(t, method)
		s.fromClient([]byte{methodOf([]byte(method)).keyRequest()})
		key := payloadOf(t, s.heardClient())
		if len(s.heardBackend()) != 0 {
			t.Error("the backend was asked for its key")
		}
		sealed, err := seal(&counting{}, key[1:], clear0, backendSalt)
		if err != nil {
			t.Fatal(err)
		}
		s.fromClient(sealed)
		if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, clear0) {
			t.Errorf("the backend heard %q", heard)
		}
		memory := s.codec.toBackend
		s.fromBackend(appendOK(nil, 0))
		checkWiped(t, memory[:len(clear0)])
	}
}

// An empty password is sent as such by both.
func TestNoPasswordPasses(t *testing.T) {
	for _, tls := range []bool{false, true} {
		for _, none := range [][]byte{nil, {0}} {
			s := twoLegs(t, nameSHA256, tls, !tls, Options{Key: testKey()})
			s.fromClient(none)
			if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, none) {
				t.Errorf("the backend heard %q", heard)
			}
		}
	}
}

// hugeKey is a public key as long as a packet has room for.
func hugeKey() []byte {
	modulus := new(big.Int).Lsh(big.NewInt(1), maxPayload*4)
	return publicKeyOf(&rsa.PrivateKey{PublicKey: rsa.PublicKey{N: modulus.Add(modulus, big.NewInt(1)), E: 65537}})
}

func TestPasswordRefusals(t *testing.T) {
	for _, test := range []struct {
		name      string
		clientTLS bool
		options   Options
		client    []byte
		backend   []byte
		code      uint16
		detail    string
	}{
		{"no key of ours", false, Options{}, []byte{sha2KeyRequest}, nil, 1235, detailNoKey},
		{"not encrypted to our key", false, Options{Key: testKey()}, make([]byte, 256), nil, 1045, detailDenied},
		{"not encrypted and not ended", false, Options{Key: testKey()}, []byte("open"), nil, 1045, detailDenied},
		{"no PEM", true, Options{}, clear0, []byte("\x01key"), 1040, detailBackendKey},
		{"a key that takes minutes", true, Options{}, clear0, hugeKey(), 1040, detailBackendKey},
		{"no key in PEM", true, Options{}, clear0, []byte("\x01-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), 1040, detailBackendKey},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := twoLegs(t, nameSHA2, test.clientTLS, !test.clientTLS, test.options)
			s.fullAuthentication(t, nameSHA2)
			s.fromClient(test.client)
			if test.backend != nil {
				s.fromBackend(test.backend)
			}
			if s.Action != codecs.Fail || s.Failure.Detail != test.detail {
				t.Fatalf("action %d, %+v", s.Action, s.Failure)
			}
			if got := parseERR(t, s.Refuse(s.Failure)); got.code != test.code {
				t.Errorf("refused with %+v", got)
			}
		})
	}
}

// A client that takes its connection for safe sends the password in clear.
func TestPasswordInClear(t *testing.T) {
	s := twoLegs(t, nameSHA2, false, true, Options{Key: testKey()})
	s.fullAuthentication(t, nameSHA2)
	s.fromClient(clear0)
	if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, clear0) {
		t.Errorf("the backend heard %q", heard)
	}
}

// What a plain exchange of packets is passes whatever it says, in any number of
// rounds, and several requests for a method may follow another.
func TestOtherMethodsPass(t *testing.T) {
	for _, method := range []string{"client_ed25519", "parsec", "dialog", nameClear, "authentication_ldap_sasl_client"} {
		s := twoLegs(t, method, true, false, Options{})
		for _, payload := range [][]byte{nil, {0xff}, []byte("\x04Password: "), bytes.Repeat([]byte("x"), 5000)} {
			s.fromClient(payload)
			if heard := payloadOf(t, s.heardBackend()); !bytes.Equal(heard, payload) {
				t.Errorf("%s: the backend heard %q", method, heard)
			}
			more := append([]byte{typeMoreData}, payload...)
			s.fromBackend(more)
			if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, more) {
				t.Errorf("%s: the client heard %q", method, heard)
			}
		}
		for _, kind := range []byte{typeAuthSwitch, typeNextFactor} {
			next := append([]byte{kind}, "sha256_password\x00nonce\x00"...)
			s.fromBackend(next)
			if heard := payloadOf(t, s.heardClient()); !bytes.Equal(heard, next) || s.codec.login.method != methodSHA256 {
				t.Errorf("%s: the client heard %q", method, heard)
			}
		}
	}
}

func TestEmptyPacketOfTheBackend(t *testing.T) {
	s := twoLegs(t, nameNative, false, false, Options{})
	s.fromClient(nil)
	s.fromBackend(nil)
	if s.Action != codecs.Fail || s.Failure.Detail != detailBackend {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

// A client that speaks out of turn, or a backend that miscounts, ends the
// login.
func TestMiscounting(t *testing.T) {
	s := twoLegs(t, nameNative, false, false, Options{})
	s.Client(packetOf(9, nil))
	if s.Action != codecs.Fail || s.Failure.Detail != detailOrder {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
	s = twoLegs(t, nameNative, false, false, Options{})
	s.Backend(packetOf(9, appendOK(nil, 0)))
	if s.Action != codecs.Fail || s.Failure.Detail != detailBackend {
		t.Errorf("action %d, %+v", s.Action, s.Failure)
	}
}

// The answers are those of MySQL's own tests and of other clients' (the
// transcripts have more).
func TestAnswers(t *testing.T) {
	if got := nativeAnswer(nil, otherSalt); got != nil {
		t.Errorf("no password is answered with %x", got)
	}
	if got := sha2Answer(nil, otherSalt); !bytes.Equal(got, []byte{0}) {
		t.Errorf("no password is answered with %x", got)
	}
	// go-sql-driver/mysql's auth_test.go: TestScrambleSHA256Pass.
	salt := []byte{10, 47, 74, 111, 75, 73, 34, 48, 88, 76, 114, 74, 37, 13, 3, 80, 82, 2, 23, 21}
	if got := fmt.Sprintf("%x", sha2Answer([]byte("secret"), salt)); got != "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c" {
		t.Errorf("caching_sha2_password's is %s", got)
	}
	if got := nativeAnswer([]byte("secret"), salt); len(got) != nativeSize || slices.Equal(got, nativeAnswer([]byte("secret"), otherSalt)) {
		t.Errorf("mysql_native_password's is %x", got)
	}
}
