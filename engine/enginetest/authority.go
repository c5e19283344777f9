package enginetest

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

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// Authority is a CA of a test's own. What it issues is in files too, since that
// is what the proxy, servers and clients read; they are gone with the test. Its
// methods are for the test's goroutine.
type Authority struct {
	// File holds the CA's certificate, PEM.
	File string

	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
	made int64
}

// NewAuthority makes a CA that nobody trusts yet.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: t.TempDir(), key: newKey(t)}
	a.cert = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, a.key)
	a.File = a.write("ca.crt", "CERTIFICATE", a.cert.Raw)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Must(t, err)
	return key
}

// sign completes the template and signs it, by itself if there is no CA yet.
func (a *Authority) sign(template *x509.Certificate, key crypto.Signer) *x509.Certificate {
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
	Must(a.t, err)
	cert, err := x509.ParseCertificate(der)
	Must(a.t, err)
	return cert
}

func (a *Authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	Must(a.t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// Issue makes a certificate, valid for an hour, for a server of this name or
// address, or a client of this name. The files are named after it: who is issued
// another finds it in the same files.
func (a *Authority) Issue(name string, changes ...func(*x509.Certificate)) (tlsterm.Keypair, tls.Certificate) {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	for _, change := range changes {
		change(template)
	}
	cert := a.sign(template, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	Must(a.t, err)
	pair := tlsterm.Keypair{Cert: a.write(name+".crt", "CERTIFICATE", cert.Raw), Key: a.write(name+".key", "PRIVATE KEY", der)}
	return pair, tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// Expired is for Issue.
func Expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

// Roots trusts this authority alone.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Server opens what the proxy shows its clients: a new certificate of this name,
// unless changed. It is closed with the test.
func (a *Authority) Server(name string, changes ...func(*tlsterm.ServerOptions)) *tlsterm.Server {
	a.t.Helper()
	pair, _ := a.Issue(name)
	o := tlsterm.ServerOptions{Keypairs: []tlsterm.Keypair{pair}}
	for _, change := range changes {
		change(&o)
	}
	s, err := tlsterm.OpenServer(o)
	Must(a.t, err)
	a.t.Cleanup(func() { CloseAll(a.t, s) })
	return s
}

// Backends opens what the proxy verifies backends with: this authority, unless
// changed. It is closed with the test.
func (a *Authority) Backends(changes ...func(*tlsterm.ClientOptions)) *tlsterm.Client {
	a.t.Helper()
	o := tlsterm.ClientOptions{CA: a.File}
	for _, change := range changes {
		change(&o)
	}
	c, err := tlsterm.OpenClient(o)
	Must(a.t, err)
	a.t.Cleanup(func() { CloseAll(a.t, c) })
	return c
}
