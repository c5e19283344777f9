package engine

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// identityOf returns who the client is, nil without a certificate that has been
// verified. It is the same for a resumed session.
func identityOf(cs tls.ConnectionState) *resolve.Identity {
	if len(cs.VerifiedChains) == 0 {
		return nil
	}
	cert := cs.PeerCertificates[0]
	sum := sha256.Sum256(cert.Raw)
	id := &resolve.Identity{
		Subject:     cert.Subject.String(),
		CommonName:  cert.Subject.CommonName,
		DNSNames:    cert.DNSNames,
		Emails:      cert.EmailAddresses,
		Fingerprint: hex.EncodeToString(sum[:]),
	}
	for _, uri := range cert.URIs {
		id.URIs = append(id.URIs, uri.String())
	}
	for _, ip := range cert.IPAddresses {
		id.IPs = append(id.IPs, ip.String())
	}
	return id
}
