// Package secure is TLS as a load test needs it: what is to be spoken, read
// from files; which failure an error of crypto/tls is; and what was negotiated.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Settings are how clients speak TLS to the server under test. The server's
// certificate is always verified. They are paths and names, so that worker
// processes can be told them.
type Settings struct {
	// CA is a PEM file of the authorities that are trusted; the system's if
	// empty. A server's own certificate may be among them.
	CA string
	// ServerName is what the server is asked for (SNI) and what its certificate
	// must be for; the target's address if empty, which isn't sent.
	ServerName string
	// Cert and Key are PEM files of the client's certificate, or both empty.
	Cert, Key string
	// Min and Max bound the version; 0 means TLS 1.2 and 1.3.
	Min, Max Version
	// Curve is the only key exchange offered; 0 means those of crypto/tls in its
	// order, the first of which (X25519MLKEM768) takes more arithmetic than most
	// servers in C know how to do.
	Curve Curve
	// Resume has connections resume the session of an earlier one, each event
	// loop those of its own. Without it every handshake is a full one.
	Resume bool
}

// Check reports everything that is wrong but for the files.
func (s *Settings) Check() error {
	var problems []error
	if (s.Cert == "") != (s.Key == "") {
		problems = append(problems, errors.New("a client's certificate needs its key, and a key its certificate"))
	}
	if s.Min > s.maxVersion() {
		problems = append(problems, fmt.Errorf("no TLS version from %v to %v", s.Min, s.Max))
	}
	return errors.Join(problems...)
}

// maxSessions is how many of a loop's TLS sessions are kept to be resumed. They
// are kept by server name, so a few would do.
const maxSessions = 64

// Client reads the files and returns the configuration of connections to a
// server, which is asked for by name if the settings have none. What they share
// to resume sessions is the configuration's. protocols are for ALPN.
func (s *Settings) Client(name string, protocols ...string) (*tls.Config, error) {
	c := &tls.Config{
		ServerName: s.ServerName, NextProtos: protocols, MinVersion: uint16(s.minVersion()), MaxVersion: uint16(s.maxVersion()),
		// As clients in C do: records of 16 KiB from the first one on.
		DynamicRecordSizingDisabled: true,
	}
	if c.ServerName == "" {
		c.ServerName = name
	}
	if s.Curve != 0 {
		c.CurvePreferences = []tls.CurveID{tls.CurveID(s.Curve)}
	}
	if s.Resume {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(maxSessions)
	}
	return c, errors.Join(s.readCA(c), s.readCertificate(c))
}

func (s *Settings) readCA(c *tls.Config) error {
	if s.CA == "" {
		return nil
	}
	text, err := os.ReadFile(s.CA)
	if err != nil {
		return err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s: no certificate in it", s.CA)
	}
	return nil
}

func (s *Settings) readCertificate(c *tls.Config) error {
	if s.Cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	// Whatever authorities the server names: what it does with another's is
	// worth seeing.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return err
}

// String is the settings in a report, such as "1.2 to 1.3, resumed".
func (s *Settings) String() string {
	words := []string{fmt.Sprintf("%v to %v", s.minVersion(), s.maxVersion())}
	if s.Curve != 0 {
		words = append(words, s.Curve.String())
	}
	if s.Cert != "" {
		words = append(words, "client certificate")
	}
	if s.Resume {
		words = append(words, "resumed")
	}
	return strings.Join(words, ", ")
}

func (s *Settings) minVersion() Version {
	if s.Min == 0 {
		return min(tls.VersionTLS12, s.maxVersion())
	}
	return s.Min
}

func (s *Settings) maxVersion() Version {
	if s.Max == 0 {
		return tls.VersionTLS13
	}
	return s.Max
}
