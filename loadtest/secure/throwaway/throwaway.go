// Package throwaway makes certificates for tests and benchmarks.
package throwaway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"
)

// Certificate says what a certificate is for. It signs itself, so that whoever
// trusts it as an authority trusts it alone.
type Certificate struct {
	// Names are the host names and IP addresses it is for; the first is also its
	// subject.
	Names []string
	// Ended makes one whose time is over.
	Ended bool
}

// valid is how long it is valid; one that has ended was so until an hour ago.
const valid = 24 * time.Hour

// Write writes the certificate and a new ECDSA P-256 key to one PEM file, which
// is a certificate file, a key file and a file of authorities in one. Nobody
// else may read it.
func (c Certificate) Write(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := c.template(time.Now())
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return os.WriteFile(path, text, 0o600)
}

func (c Certificate) template(now time.Time) *x509.Certificate {
	to := now.Add(valid)
	if c.Ended {
		to = now.Add(-time.Hour)
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: to.Add(-2 * valid), NotAfter: to,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	if len(c.Names) > 0 {
		t.Subject = pkix.Name{CommonName: c.Names[0]}
	}
	return t
}
