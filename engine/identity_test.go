package engine

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/url"
	"reflect"
	"testing"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestIdentityOf(t *testing.T) {
	uri, err := url.Parse("spiffe://example/tenant")
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		Raw:            []byte("raw"),
		Subject:        pkix.Name{CommonName: "alice", Organization: []string{"Example, Inc."}},
		DNSNames:       []string{"a.example", "b.example"},
		EmailAddresses: []string{"alice@example"},
		URIs:           []*url.URL{uri},
		IPAddresses:    []net.IP{net.ParseIP("192.0.2.1"), net.ParseIP("2001:db8::1")},
	}
	verified := tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
	want := &resolve.Identity{
		Subject:    `CN=alice,O=Example\, Inc.`,
		CommonName: "alice",
		DNSNames:   []string{"a.example", "b.example"}, Emails: []string{"alice@example"},
		URIs: []string{"spiffe://example/tenant"}, IPs: []string{"192.0.2.1", "2001:db8::1"},
		Fingerprint: "d7439bee24773bcbfa2d0a97947ee36227b10d1022b1a55847e928965bb6bfde",
	}
	if got := identityOf(verified); !reflect.DeepEqual(got, want) {
		t.Errorf("identityOf = %+v, want %+v", got, want)
	}
	for what, cs := range map[string]tls.ConnectionState{
		"no certificate": {},
		"unverified":     {PeerCertificates: []*x509.Certificate{leaf}},
	} {
		if got := identityOf(cs); got != nil {
			t.Errorf("%s: identityOf = %+v, want nil", what, got)
		}
	}
}
