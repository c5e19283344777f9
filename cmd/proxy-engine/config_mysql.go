package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

// mysqlKeyBits is the size of a generated key: MySQL's own.
const mysqlKeyBits = 2048

// openMySQL makes or reads the key of MySQL's listeners.
func (s *settings) openMySQL(f *findings) {
	if len(s.mysql) == 0 {
		return
	}
	key, err := s.readMySQLKey()
	if err != nil {
		f.faultf("--mysql-key: %w", err)
		return
	}
	s.mysqlOptions.Key = key
	f.fault(s.mysqlOptions.Validate())
}

func (s *settings) readMySQLKey() (*rsa.PrivateKey, error) {
	if s.mysqlKey == "" {
		return rsa.GenerateKey(rand.Reader, mysqlKeyBits)
	}
	text, err := os.ReadFile(s.mysqlKey)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(s.mysqlKey + " isn't PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return nil, errors.New(s.mysqlKey + " isn't an RSA key")
	}
	return key, nil
}

func (s *settings) mysqlFront(mode tlsMode) codecs.Front {
	o := s.mysqlOptions
	o.ResourcePattern = s.pattern.compiled
	o.RouteBySNI = s.routeBy == bySNI
	o.TLS = [...]mysql.TLSMode{tlsOff: mysql.TLSOff, tlsOn: mysql.TLSOffered, tlsRequire: mysql.TLSRequired, tlsPassthrough: mysql.TLSOff}[mode]
	return mysql.Front(o)
}
