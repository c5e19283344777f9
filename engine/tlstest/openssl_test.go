package tlstest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// What OpenSSL prints of alerts (RFC 8446, 6).
const (
	alertUnexpectedMessage = "SSL alert number 10"
	alertHandshakeFailure  = "SSL alert number 40"
	alertProtocolVersion   = "SSL alert number 70"
	alertNoALPN            = "SSL alert number 120"
)

// startEchoing runs a proxy in front of a backend that echoes.
func startEchoing(t *testing.T, impl engine.Impl, changes ...func(*proxy, *engine.Config)) *proxy {
	t.Helper()
	p := start(t, impl, changes...)
	echoing(p)
	return p
}

// bothKeys has the proxy show an RSA certificate to those who don't take the one
// with an elliptic curve's key, so that no suite is refused for want of a key.
func bothKeys(p *proxy, cfg *engine.Config) {
	cfg.Listeners[0].TLS = p.ca.Server(name, func(o *tlsterm.ServerOptions) { o.Keypairs = append(o.Keypairs, rsaKeypair(p.t)) })
}

// rsaKeypair is a certificate that nobody has signed but itself.
func rsaKeypair(t *testing.T) tlsterm.Keypair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	enginetest.Must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	enginetest.Must(t, err)
	pair := tlsterm.Keypair{Cert: filepath.Join(t.TempDir(), "rsa.crt"), Key: filepath.Join(t.TempDir(), "rsa.key")}
	enginetest.Must(t, os.WriteFile(pair.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	enginetest.Must(t, os.WriteFile(pair.Key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600))
	return pair
}

// anything lifts what OpenSSL forbids itself, down to no encryption at all.
const anything = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"

// A client that would speak TLS 1.0 and 1.1, and says so, is told that we don't.
func TestOpenSSLOldVersions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl, bothKeys)
		for _, version := range []string{"-tls1", "-tls1_1"} {
			p.sClient(version, "-cipher", anything).expect(alertProtocolVersion)
		}
		p.AwaitClosed(engine.HandshakeFailed, 2)
	})
}

// strong are the suites of TLS 1.2 there are, as OpenSSL calls them.
var strong = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
}

// Of all the suites OpenSSL knows for TLS 1.2, each tried alone, it gets those
// and no other.
func TestOpenSSLEverySuite(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl, bothKeys)
		out, err := exec.Command("openssl", "ciphers", "-s", "-tls1_2", anything).Output()
		enginetest.Must(t, err)
		offered := strings.Split(strings.TrimSpace(string(out)), ":")
		if len(offered) < 2*len(strong) {
			t.Fatalf("OpenSSL knows these suites only: %s", out)
		}
		for _, suite := range offered {
			wanted := slices.Contains(strong, suite)
			said, spoken := p.sClient("-tls1_2", "-cipher", suite+":@SECLEVEL=0").end()
			refused := !spoken && strings.Contains(said, alertHandshakeFailure)
			if spoken != wanted || refused == wanted {
				t.Errorf("%s: spoken is %v, want %v:\n%s", suite, spoken, wanted, said)
			}
		}
		p.AwaitClosed(engine.ClientClosed, uint64(len(strong)))
		p.AwaitClosed(engine.HandshakeFailed, uint64(len(offered)-len(strong)))
	})
}

// The client is told that renegotiation would be secure (RFC 5746), and that
// there is none all the same.
func TestOpenSSLRenegotiation(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		c := p.sClient("-tls1_2")
		c.hear("Secure Renegotiation IS supported")
		c.say("hello\n")
		c.hear("hello\n")
		c.say("R\n")
		c.hear("RENEGOTIATING")
		c.expect(alertUnexpectedMessage)
		p.AwaitClosed(engine.ClientReset, 1)
	})
}

// No compression, which gives secrets away (CRIME), and nothing stapled.
func TestOpenSSLExtras(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			p.sClient(version, "-comp", "-status", "-verify_return_error").
				expect("Compression: NONE", "OCSP response: no response sent", "Verify return code: 0 (ok)")
		}
	})
}

func TestOpenSSLResumption(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		for flag, version := range map[string]string{"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"} {
			session := filepath.Join(t.TempDir(), "session")
			c := p.sClient(flag, "-sess_out", session)
			c.hear("New, " + version)
			c.say("the ticket comes before this\n") // in TLS 1.3
			c.hear("the ticket comes before this\n")
			c.expect()
			c = p.sClient(flag, "-sess_in", session)
			c.hear("Reused, " + version)
			c.say("hello again\n")
			c.hear("hello again\n")
			c.expect()
		}
	})
}

func TestOpenSSLApplicationProtocols(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startWeb(t, impl, tlsterm.Off, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		for offered, want := range map[string]string{
			"h2,http/1.1": "ALPN protocol: http/1.1",
			"http/1.1":    "ALPN protocol: http/1.1",
			"h2":          alertNoALPN,
		} {
			p.sClient("-alpn", offered).expect(want)
		}
		p.sClient().expect("No ALPN negotiated")
	})
}

// Keys change on either side's word, between data and as often as it likes.
func TestOpenSSLKeyUpdates(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		c := p.sClient("-tls1_3")
		c.say("hello\n")
		c.hear("hello\n")
		for i := range 40 { // more than crypto/tls would take in a row
			c.say(string("kK"[i%2]) + "\n") // ours only, the proxy's too
			c.hear("KEYUPDATE")
			line := fmt.Sprintln("line", i)
			c.say(line)
			c.hear(line)
		}
		c.expect()
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}
