package tlsterm

import (
	"crypto/tls"
	"testing"
)

// TestServerName: which certificate is shown for which name.
func TestServerName(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{
		f.pair("first", ca.issue(wish{cn: "first", names: []string{"first.example"}})),
		f.pair("wild", ca.issue(wish{cn: "wild", names: []string{"*.Example.com", "example.com"}})),
		f.pair("exact", ca.issue(wish{cn: "exact", names: []string{"db.example.com"}})),
		f.pair("cn", ca.issue(wish{cn: "cn.example"})),
		f.pair("ip", ca.issue(wish{cn: "ip.example", ips: []string{"192.0.2.1"}})),
		f.pair("partial", ca.issue(wish{cn: "partial", names: []string{"part*.example.net", "*"}})),
		f.pair("wildcn", ca.issue(wish{cn: "*.cn.example"})),
	}})
	config := s.Config(nil)
	for name, want := range map[string]string{
		"first.example":       "first",
		"db.example.com":      "exact", // configured behind the wildcard
		"DB.Example.COM":      "exact",
		"other.example.com":   "wild",
		"example.com":         "wild",
		"a.b.example.com":     "first", // a wildcard is one label
		"cn.example":          "cn.example",
		"a.cn.example":        "*.cn.example",
		"ip.example":          "first", // it has a SAN, so its name doesn't count
		"partner.example.net": "first",
		"localhost":           "first",
		"":                    "first",
		"com":                 "first",
	} {
		e := shake(t, config, &tls.Config{ServerName: name, InsecureSkipVerify: true}).must(t)
		if got := e.served(); got != want {
			t.Errorf("%q is shown the certificate of %q, want %q", name, got, want)
		}
	}
}

// TestKeyType: among certificates for a name the client gets one it can use.
func TestKeyType(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{
		f.pair("ecdsa", ca.issue(wish{cn: "ecdsa", names: []string{"a.example", "only.example.net"}})),
		f.pair("rsa", ca.issue(wish{cn: "rsa", names: []string{"a.example"}, key: rsaKey()})),
		f.pair("rsawild", ca.issue(wish{cn: "rsawild", names: []string{"*.example.net"}, key: rsaKey()})),
	}})
	config := s.Config(nil)
	anything := &tls.Config{}
	rsaOnly := &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	for _, tt := range []struct {
		client     *tls.Config
		name, want string
	}{
		{anything, "a.example", "ecdsa"},
		{anything, "only.example.net", "ecdsa"},
		{anything, "", "ecdsa"},
		{rsaOnly, "a.example", "rsa"},
		{rsaOnly, "only.example.net", "rsawild"}, // which the exact one can't serve
		{rsaOnly, "", "rsa"},
		{rsaOnly, "other.example", "rsa"},
	} {
		client := tt.client.Clone()
		client.ServerName, client.InsecureSkipVerify = tt.name, true
		if got := shake(t, config, client).must(t).served(); got != tt.want {
			t.Errorf("%q is shown %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNoUsableKey: the client is shown the certificate for its name, and the
// handshake fails for the right reason.
func TestNoUsableKey(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{
		f.pair("a", ca.issue(wish{cn: "a", names: []string{"a.example", "*.example"}})),
	}})
	for _, name := range []string{"a.example", "b.example", "elsewhere"} {
		client := &tls.Config{ServerName: name, InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
		wantError(t, name, shake(t, s.Config(nil), client).serverErr, "no cipher suite supported by both")
	}
}
