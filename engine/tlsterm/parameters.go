package tlsterm

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// defaultMinVersion is the oldest TLS spoken unless it is set, and the oldest
// that may be set: RFC 8996 deprecates those before.
const defaultMinVersion = tls.VersionTLS12

// defaultCipherSuites are those of TLS 1.2 that keep past sessions secret when
// a key leaks (ECDHE) and encrypt and authenticate at once (AEAD), which is
// what RFC 9325 section 4.2 recommends. crypto/tls would also take CBC with
// SHA-1. The order says nothing: crypto/tls has its own.
func defaultCipherSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// ParseMinVersion returns the version of TLS ("1.2", "1.3") as a number of
// crypto/tls.
func ParseMinVersion(s string) (uint16, error) {
	switch s {
	case "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf("TLS version %q: want 1.2 or 1.3", s)
}

// ParseCipherSuites returns the numbers of the cipher suites in a list with
// commas between, nil (the defaults) for an empty one. It accepts the names of
// crypto/tls.CipherSuites. Those of TLS 1.3 may stand in it, as they do in
// common lists, and have no effect: crypto/tls always offers all of them. A
// list of nothing else is refused, since it would leave TLS 1.2 without any.
func ParseCipherSuites(s string) ([]uint16, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var ids []uint16
	var errs []error
	for name := range strings.SplitSeq(s, ",") {
		id, err := parseCipherSuite(strings.TrimSpace(name))
		errs = append(errs, err)
		if choosable(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%w\nthere are: %s", err, strings.Join(suiteNames(), ", "))
	}
	if len(ids) == 0 {
		return nil, errors.New("the suites of TLS 1.3 can't be chosen, all are always offered: name one for TLS 1.2 too, or make 1.3 the minimum version")
	}
	return ids, nil
}

func parseCipherSuite(name string) (uint16, error) {
	named := func(c *tls.CipherSuite) bool { return c.Name == name }
	if i := slices.IndexFunc(tls.CipherSuites(), named); i >= 0 {
		return tls.CipherSuites()[i].ID, nil
	}
	if slices.ContainsFunc(tls.InsecureCipherSuites(), named) {
		return 0, fmt.Errorf("cipher suite %s is insecure and not offered", name)
	}
	return 0, fmt.Errorf("cipher suite %q is unknown", name)
}

// choosable says that a suite may stand in tls.Config.CipherSuites: it is a
// secure one, and not of TLS 1.3.
func choosable(id uint16) bool {
	return slices.ContainsFunc(tls.CipherSuites(), func(c *tls.CipherSuite) bool {
		return c.ID == id && slices.Contains(c.SupportedVersions, tls.VersionTLS12)
	})
}

func suiteNames() []string {
	var names []string
	for _, c := range tls.CipherSuites() {
		names = append(names, c.Name)
	}
	return names
}

// parameters are what both sides of TLS are configured with alike.
type parameters struct {
	minVersion   uint16
	cipherSuites []uint16
}

// newParameters fills in defaults, and refuses what isn't safe.
func newParameters(minVersion uint16, cipherSuites []uint16) (parameters, error) {
	p := parameters{minVersion: cmp.Or(minVersion, defaultMinVersion), cipherSuites: slices.Clone(cipherSuites)}
	var errs []error
	if p.minVersion < defaultMinVersion || p.minVersion > tls.VersionTLS13 {
		errs = append(errs, fmt.Errorf("%s as minimum version: want TLS 1.2 or 1.3", tls.VersionName(p.minVersion)))
	}
	for _, id := range cipherSuites {
		if !choosable(id) {
			errs = append(errs, fmt.Errorf("cipher suite %s can't be chosen", tls.CipherSuiteName(id)))
		}
	}
	if len(cipherSuites) == 0 {
		p.cipherSuites = defaultCipherSuites()
	}
	return p, errors.Join(errs...)
}

// config returns a new configuration with the parameters. The key exchanges are
// crypto/tls's own choice, post-quantum ones first. It makes the first records
// of a connection small, which stays on: they cost a dozen headers per
// connection, in its first 128 KiB, and the peer can use the first bytes
// without waiting for a round trip that completes a large record.
// Renegotiation is refused by both sides unless a configuration says otherwise.
func (p parameters) config(alpn []string) *tls.Config {
	return &tls.Config{MinVersion: p.minVersion, CipherSuites: p.cipherSuites, NextProtos: slices.Clone(alpn)}
}
