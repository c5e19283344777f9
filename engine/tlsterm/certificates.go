package tlsterm

import (
	"crypto/tls"
	"strings"
)

// certificates are a server's, found by the name a client asks for. Immutable.
type certificates struct {
	all []*tls.Certificate // never empty
	// exact has those for a name, wildcard those for *.name, in the order they
	// are configured. Names are in lower case.
	exact, wildcard map[string][]*tls.Certificate
}

func newCertificates(pairs []*loadedPair) *certificates {
	c := &certificates{exact: make(map[string][]*tls.Certificate), wildcard: make(map[string][]*tls.Certificate)}
	for _, p := range pairs {
		cert := p.cert
		c.all = append(c.all, cert)
		for _, name := range serverNames(cert.Leaf) {
			if parent, ok := strings.CutPrefix(name, "*."); ok {
				c.wildcard[parent] = append(c.wildcard[parent], cert)
			} else {
				c.exact[name] = append(c.exact[name], cert)
			}
		}
	}
	return c
}

// choose is tls.Config.GetCertificate. Certificates for exactly the name come
// before those with a wildcard in place of its first label. The first that the
// client can use is taken (it may know RSA only), else the first. If there is
// none for the name, or no name, all are candidates.
func (c *certificates) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	_, parent, _ := strings.Cut(name, ".")
	// The name has been dealt with: crypto/tls would look at it again, and
	// doesn't know common names.
	nameless := *hello
	nameless.ServerName = ""
	exact, wildcard := c.exact[name], c.wildcard[parent]
	for _, group := range [][]*tls.Certificate{exact, wildcard} {
		if cert := firstSupported(group, &nameless); cert != nil {
			return cert, nil
		}
	}
	switch {
	case len(exact) > 0:
		return exact[0], nil
	case len(wildcard) > 0:
		return wildcard[0], nil
	}
	if cert := firstSupported(c.all, &nameless); cert != nil {
		return cert, nil
	}
	return c.all[0], nil
}

func firstSupported(certs []*tls.Certificate, hello *tls.ClientHelloInfo) *tls.Certificate {
	for _, cert := range certs {
		if hello.SupportsCertificate(cert) == nil {
			return cert
		}
	}
	return nil
}
