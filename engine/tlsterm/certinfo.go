package tlsterm

import (
	"crypto/x509"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// CertInfo describes a certificate in use.
type CertInfo struct {
	// Subject is the distinguished name as in RFC 2253.
	Subject string
	// Names are the DNS names and IP addresses it is for: its SANs, or the
	// common name if it has none.
	Names []string
	// NotAfter is when it expires.
	NotAfter time.Time
	// File is where it was read from.
	File string
}

func infos(pairs []*loadedPair) []CertInfo {
	all := make([]CertInfo, len(pairs))
	for i, p := range pairs {
		all[i] = p.info()
	}
	return all
}

func (p *loadedPair) info() CertInfo {
	leaf := p.cert.Leaf
	names := serverNames(leaf)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return CertInfo{Subject: leaf.Subject.String(), Names: names, NotAfter: leaf.NotAfter, File: p.file}
}

// serverNames are the DNS names a certificate is for, in lower case. The common
// name counts only where there is no SAN of any kind, as in old private CAs.
func serverNames(cert *x509.Certificate) []string {
	var names []string
	for _, name := range cert.DNSNames {
		names = append(names, strings.ToLower(name))
	}
	sans := len(cert.DNSNames) + len(cert.IPAddresses) + len(cert.EmailAddresses) + len(cert.URIs)
	if sans == 0 && cert.Subject.CommonName != "" {
		names = append(names, strings.ToLower(cert.Subject.CommonName))
	}
	return names
}

// logPairs tells of the certificates that weren't in use before.
func logPairs(log *slog.Logger, old, pairs []*loadedPair) {
	for _, p := range pairs {
		if slices.ContainsFunc(old, func(o *loadedPair) bool { return o.cert.Leaf.Equal(p.cert.Leaf) }) {
			continue
		}
		i := p.info()
		log.Info("certificate loaded", "file", i.File, "subject", i.Subject, "names", i.Names, "not_after", i.NotAfter)
		warnInvalid(log, p.file, p.cert.Leaf)
	}
}

// logAuthorities tells of CAs that aren't the ones before; either may be nil.
func logAuthorities(log *slog.Logger, old, cas *authorities) {
	if cas == nil || old != nil && old.pool.Equal(cas.pool) {
		return
	}
	log.Info("CA certificates loaded", "file", cas.file, "certificates", len(cas.certs))
	for _, ca := range cas.certs {
		warnInvalid(log, cas.file, ca)
	}
}

// warnInvalid says that a certificate isn't valid by now. It is used all the
// same: a peer that refuses it says so better than a proxy that is down.
func warnInvalid(log *slog.Logger, file string, cert *x509.Certificate) {
	switch now := time.Now(); {
	case now.After(cert.NotAfter):
		log.Warn("certificate has expired", "file", file, "subject", cert.Subject.String(), "not_after", cert.NotAfter)
	case now.Before(cert.NotBefore):
		log.Warn("certificate isn't valid yet", "file", file, "subject", cert.Subject.String(), "not_before", cert.NotBefore)
	}
}
