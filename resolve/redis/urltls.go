package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// security is what a URL says of TLS.
type security struct {
	config    *tls.Config
	cert, key string // the client's certificate, "" for none
}

// parameters are those that only URLs with TLS may have.
func (s *security) parameters() map[string]taker {
	return map[string]taker{
		"ca":          setTrust(s.config),
		"server_name": setText(&s.config.ServerName),
		"cert":        setText(&s.cert),
		"cert_key":    setText(&s.key),
	}
}

// complete has the client's certificate shown to servers that ask for one. Its
// files are read for each connection, of which there are few, so that renewed ones
// are taken up.
func (s *security) complete() error {
	if s.cert == "" && s.key == "" {
		return nil
	}
	if s.cert == "" || s.key == "" {
		return errors.New(`the parameters "cert" and "cert_key" go together`)
	}
	if _, err := s.keypair(nil); err != nil {
		return fmt.Errorf(`the parameters "cert" and "cert_key": %w`, err)
	}
	s.config.GetClientCertificate = s.keypair
	return nil
}

func (s *security) keypair(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	return &pair, err
}

// setTrust reads the certificates to be trusted.
func setTrust(to *tls.Config) taker {
	return func(what, path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		to.RootCAs = x509.NewCertPool()
		if !to.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s: %s holds no certificate in PEM", what, path)
		}
		return nil
	}
}
