package tlsterm

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// authorities are the certificates of a CA file.
type authorities struct {
	file  string
	pool  *x509.CertPool
	certs []*x509.Certificate
}

// loadAuthorities reads a CA file, in which every certificate must be sound;
// nil if there is no path.
func loadAuthorities(c contents, path string) (*authorities, error) {
	if path == "" {
		return nil, nil
	}
	text, err := c.pem(path, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	a := &authorities{file: path, pool: x509.NewCertPool()}
	var errs []error
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			errs = append(errs, a.add(block.Bytes))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func (a *authorities) add(der []byte) error {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("certificate %d: %w", len(a.certs)+1, err)
	}
	a.certs = append(a.certs, cert)
	a.pool.AddCert(cert)
	return nil
}
