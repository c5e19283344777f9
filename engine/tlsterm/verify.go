package tlsterm

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Verify says whether a backend is spoken to by TLS and what its certificate
// must prove. The names are those of libpq's sslmode, except that Require never
// looks at the certificate, with or without a CA file (PostgreSQL documents
// that it does with one as compatibility with old releases). libpq's allow,
// plain first and TLS if refused, isn't offered.
type Verify uint8

const (
	// Off: no TLS.
	Off Verify = iota
	// Prefer: TLS if the backend offers it, whoever it is. Against those who can
	// change what is on the wire it helps nothing.
	Prefer
	// Require: TLS or nothing, whoever the backend is.
	Require
	// VerifyCA: the backend's certificate must come from one of the CAs.
	VerifyCA
	// VerifyFull: and be for the name, or address, the backend is known by.
	VerifyFull
)

func verifyNames() []string {
	return []string{Off: "off", Prefer: "prefer", Require: "require", VerifyCA: "verify-ca", VerifyFull: "verify-full"}
}

// String returns the name as ParseVerify takes it.
func (v Verify) String() string {
	if names := verifyNames(); int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("Verify(%d)", uint8(v))
}

// ParseVerify returns what a name stands for.
func ParseVerify(name string) (Verify, error) {
	for v, known := range verifyNames() {
		if name == known {
			return Verify(v), nil
		}
	}
	return Off, fmt.Errorf("%q: want off, prefer, require, verify-ca or verify-full", name)
}

// verifyChain is tls.Config.VerifyConnection for VerifyCA. It runs on resumed
// sessions too, which don't bring the certificates but remember them.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		certs := cs.PeerCertificates // never empty on the client's side
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range certs[1:] {
			opts.Intermediates.AddCert(cert)
		}
		if _, err := certs[0].Verify(opts); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
		}
		return nil
	}
}
