package tlsterm

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Keypair names the files of a certificate and its private key, both PEM. Cert
// may hold the chain behind the certificate, without the root; both may be one
// file.
type Keypair struct{ Cert, Key string }

// loadedPair is a certificate with its key and chain. Immutable.
type loadedPair struct {
	file string
	cert *tls.Certificate // with Leaf
}

// check says what is missing of the pair.
func (k Keypair) check() error {
	switch {
	case k.Cert == "" && k.Key == "":
		return errors.New("a certificate without a file")
	case k.Key == "":
		return fmt.Errorf("%s: the certificate comes without a key file", k.Cert)
	case k.Cert == "":
		return fmt.Errorf("%s: the private key comes without a certificate file", k.Key)
	}
	return nil
}

// filesOf are the files of the pairs and of the CAs, those that are named.
func filesOf(ca string, pairs ...Keypair) []string {
	paths := []string{ca}
	for _, k := range pairs {
		paths = append(paths, k.Cert, k.Key)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// load reads the pairs and the CAs, nil without a CA file, or tells every
// fault. A pair that lacks a file is left out.
func load(c contents, ca string, pairs ...Keypair) ([]*loadedPair, *authorities, error) {
	var loaded []*loadedPair
	var errs []error
	for _, k := range pairs {
		if k.check() == nil {
			cert, err := k.load(c)
			loaded, errs = append(loaded, &loadedPair{k.Cert, cert}), append(errs, err)
		}
	}
	cas, err := loadAuthorities(c, ca)
	return loaded, cas, errors.Join(append(errs, err)...)
}

// errUnpaired is a certificate that doesn't go with its key, which is what a
// pair looks like while its files are replaced one after the other.
var errUnpaired = errors.New("the certificate (of a chain the first) and the private key can't be used together")

// load makes a certificate of what the files hold. Errors name the file and
// never quote it.
func (k Keypair) load(c contents) (*tls.Certificate, error) {
	cert, err := c.pem(k.Cert, "CERTIFICATE")
	key, keyErr := c.pem(k.Key, "PRIVATE KEY")
	if err := errors.Join(err, keyErr, encrypted(k.Key, key)); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w: %w", k.Cert, k.Key, errUnpaired, err)
	}
	return &pair, nil
}

// pem returns the content of a file that must have a block of some kind.
func (c contents) pem(path, kind string) ([]byte, error) {
	text, err := c.read(path)
	if err != nil {
		return nil, err
	}
	var found []string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == kind || strings.HasSuffix(block.Type, " "+kind) {
			return text, nil
		}
		found = append(found, block.Type)
	}
	if found == nil {
		return nil, fmt.Errorf("%s: not a PEM file (-----BEGIN %s-----)", path, kind)
	}
	return nil, fmt.Errorf("%s: no %s in it, only %s", path, kind, strings.Join(found, ", "))
}

// encrypted refuses a key that wants a passphrase, in either of its formats.
func encrypted(path string, key []byte) error {
	for block, rest := pem.Decode(key); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return fmt.Errorf("%s: the private key is encrypted; decrypt it (openssl pkey) and protect it by the file's mode", path)
		}
	}
	return nil
}
