package resolve

// Identity is who a client is by its certificate, which has been verified.
type Identity struct {
	// Subject is the distinguished name as in RFC 2253, CommonName its CN.
	Subject, CommonName string
	// DNSNames, Emails, URIs and IPs are the subject alternative names (SANs).
	DNSNames, Emails, URIs, IPs []string
	// Fingerprint is the SHA-256 of the certificate in hex, in lower case.
	Fingerprint string
}
