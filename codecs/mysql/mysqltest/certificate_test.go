package mysqltest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// identity is the key and the self-signed certificate of every server here, the
// proxy included.
type identity struct {
	key         *rsa.PrivateKey
	certificate []byte
}

var ours = sync.OnceValues(func() (identity, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mysqltest"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"localhost", "alpha", "beta", "gamma"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return identity{key, certificate}, err
})

func mustIdentity() identity {
	id, err := ours()
	if err != nil {
		panic(err)
	}
	return id
}

func serverTLS() *tls.Config {
	id := mustIdentity()
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{id.certificate}, PrivateKey: id.key}}}
}

// publicKeyPEM is the server's key as go-mysql wants it.
func publicKeyPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&mustIdentity().key.PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// writeCertificate writes what MariaDB reads.
func writeCertificate(dir string) error {
	id := mustIdentity()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.certificate})
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), certificate, 0o644); err != nil {
		return err
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(id.key)})
	return os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600)
}

// clientTLS trusts anybody.
func clientTLS() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
