package tlstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// authority is a CA of a test's own. What it issues is on files too, since that
// is what the proxy reads.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
	file string // the CA's certificate
	made int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), key: newKey(t)}
	a.cert = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, a.key)
	a.file = a.write("ca.crt", "CERTIFICATE", a.cert.Raw)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	enginetest.Must(t, err)
	return key
}

// sign completes the template and signs it, by itself if there is no CA yet.
func (a *authority) sign(template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	a.t.Helper()
	a.made++
	template.SerialNumber = big.NewInt(a.made)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	template.NotBefore = template.NotAfter.Add(-2 * time.Hour)
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	enginetest.Must(a.t, err)
	cert, err := x509.ParseCertificate(der)
	enginetest.Must(a.t, err)
	return cert
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	enginetest.Must(a.t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// issue makes a certificate for a server of these names, or a client of this
// name.
func (a *authority) issue(name string, change ...func(*x509.Certificate)) (tlsterm.Keypair, tls.Certificate) {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	for _, c := range change {
		c(template)
	}
	cert := a.sign(template, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	enginetest.Must(a.t, err)
	pair := tlsterm.Keypair{Cert: a.write(name+".crt", "CERTIFICATE", cert.Raw), Key: a.write(name+".key", "PRIVATE KEY", der)}
	return pair, tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// expired is for issue.
func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

// roots trusts this authority alone.
func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// server opens what the proxy shows its clients: the certificate of name.
func (a *authority) server(name string, change ...func(*tlsterm.ServerOptions)) *tlsterm.Server {
	a.t.Helper()
	pair, _ := a.issue(name)
	o := tlsterm.ServerOptions{Keypairs: []tlsterm.Keypair{pair}}
	for _, c := range change {
		c(&o)
	}
	s, err := tlsterm.OpenServer(o)
	enginetest.Must(a.t, err)
	a.t.Cleanup(func() { enginetest.CloseAll(a.t, s) })
	return s
}

// backends opens what the proxy verifies backends with: this authority.
func (a *authority) backends(change ...func(*tlsterm.ClientOptions)) *tlsterm.Client {
	a.t.Helper()
	o := tlsterm.ClientOptions{CA: a.file}
	for _, c := range change {
		c(&o)
	}
	c, err := tlsterm.OpenClient(o)
	enginetest.Must(a.t, err)
	a.t.Cleanup(func() { enginetest.CloseAll(a.t, c) })
	return c
}
