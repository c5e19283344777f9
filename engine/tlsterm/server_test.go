package tlsterm

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"
)

// wantError checks an error's text; "" is none.
func wantError(t *testing.T, what string, err error, want ...string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: no error, want one with %q", what, want)
	case !containsAll(err.Error(), want):
		t.Errorf("%s: the error is %q, want %q in it", what, err, want)
	}
}

func TestApplicationProtocols(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}}))}})
	client := &tls.Config{ServerName: "a.example", RootCAs: ca.pool(), NextProtos: []string{"postgresql"}}
	e := shake(t, s.Config([]string{"h2", "postgresql"}), client).must(t)
	if got := e.server.ConnectionState().NegotiatedProtocol; got != "postgresql" {
		t.Errorf("negotiated %q", got)
	}
	shake(t, s.Config(nil), client).must(t)
	wantError(t, "no common protocol", shake(t, s.Config([]string{"h2"}), client).serverErr, "unsupported application protocols")
	if h2 := s.Config([]string{"h2"}); h2 != s.Config([]string{"h2"}) || h2 == s.Config(nil) {
		t.Error("there isn't one configuration per list of protocols")
	}
}

// TestOldTLS: what the defaults refuse, and the choices that can be made.
func TestOldTLS(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	pair := f.pair("a", ca.issue(wish{names: []string{"a.example"}}))
	defaults, _ := f.server(ServerOptions{Keypairs: []Keypair{pair}})
	newest, _ := f.server(ServerOptions{Keypairs: []Keypair{pair}, MinVersion: tls.VersionTLS13})
	chosen, _ := f.server(ServerOptions{Keypairs: []Keypair{pair}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}})
	suite := func(id uint16) *tls.Config {
		return &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{id}}
	}
	for _, tt := range []struct {
		what   string
		server *Server
		client *tls.Config
		want   string // the server's error
	}{
		{"TLS 1.0", defaults, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "unsupported versions"},
		{"TLS 1.1", defaults, &tls.Config{MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}, "unsupported versions"},
		{"TLS 1.2", defaults, &tls.Config{MaxVersion: tls.VersionTLS12}, ""},
		{"TLS 1.3", defaults, &tls.Config{MinVersion: tls.VersionTLS13}, ""},
		{"CBC", defaults, suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), "no cipher suite"},
		{"AES-256", defaults, suite(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), ""},
		{"TLS 1.2 where 1.3 is wanted", newest, &tls.Config{MaxVersion: tls.VersionTLS12}, "unsupported versions"},
		{"a suite not chosen", chosen, suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), "no cipher suite"},
		{"the chosen suite", chosen, suite(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), ""},
		{"TLS 1.3 beside a chosen suite", chosen, &tls.Config{MinVersion: tls.VersionTLS13}, ""},
	} {
		tt.client.ServerName, tt.client.RootCAs = "a.example", ca.pool()
		e := shake(t, tt.server.Config(nil), tt.client)
		if tt.want == "" {
			e.must(t)
		} else {
			wantError(t, tt.what, e.serverErr, tt.want)
		}
	}
}

// TestClientCertificates: who is let in, and who he is said to be.
func TestClientCertificates(t *testing.T) {
	f, ca, other := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "other"})
	hour := time.Now().Add(-time.Hour)
	pair := []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}}))}
	caFile := f.write("ca.crt", ca.pem())
	unasked, _ := f.server(ServerOptions{Keypairs: pair})
	optional, _ := f.server(ServerOptions{Keypairs: pair, ClientCA: caFile})
	required, _ := f.server(ServerOptions{Keypairs: pair, ClientCA: caFile, RequireClientCert: true})
	certs := map[string]*issued{
		"none":       nil,
		"good":       new(ca.issue(wish{cn: "alice"})),
		"through":    new(ca.below(wish{cn: "middle"}).issue(wish{cn: "alice"})),
		"unknown CA": new(other.issue(wish{cn: "alice"})),
		"expired":    new(ca.issue(wish{cn: "alice", from: hour.Add(-time.Hour), until: hour})),
	}
	for _, tt := range []struct {
		server     *Server
		cert, want string // the server's error, or the client's common name
		refused    bool
	}{
		{unasked, "none", "", false},
		{unasked, "good", "", false},
		{unasked, "unknown CA", "", false},
		{optional, "none", "", false},
		{optional, "good", "alice", false},
		{optional, "through", "alice", false},
		{optional, "unknown CA", "unknown authority", true},
		{optional, "expired", "expired", true},
		{required, "none", "didn't provide a certificate", true},
		{required, "good", "alice", false},
		{required, "through", "alice", false},
		{required, "unknown CA", "unknown authority", true},
		{required, "expired", "expired", true},
	} {
		bothVersions(t, func(t *testing.T, version uint16) {
			client := &tls.Config{ServerName: "a.example", RootCAs: ca.pool(), MaxVersion: version}
			if cert := certs[tt.cert]; cert != nil {
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					return new(cert.load(t)), nil
				}
			}
			e := shake(t, tt.server.Config(nil), client)
			if tt.refused {
				wantError(t, tt.cert, e.serverErr, tt.want)
				wantError(t, tt.cert, e.clientErr)
				return
			}
			if got := verifiedName(e.must(t).server.ConnectionState()); got != tt.want {
				t.Errorf("%s: the client is %q, want %q", tt.cert, got, tt.want)
			}
		})
	}
}

// TestLoaded: what is told of the certificates, in the log and to metrics.
func TestLoaded(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca", until: time.Now().Add(-time.Minute)})
	old, soon := time.Now().Add(-time.Minute), time.Now().Add(30*time.Minute)
	s, log := f.server(ServerOptions{ClientCA: f.write("ca.crt", ca.pem()), Keypairs: []Keypair{
		f.pair("a", ca.issue(wish{cn: "A", names: []string{"a.example", "*.A.example"}, ips: []string{"::1"}})),
		f.pair("b", ca.issue(wish{cn: "b.example", until: old})),
		f.pair("c", ca.issue(wish{cn: "c.example", from: soon})),
	}})
	text := log.rest()
	for _, words := range [][]string{
		{"INFO", `"certificate loaded"`, "a.crt", `subject="CN=A"`, "[a.example *.a.example ::1]", "not_after="},
		{"INFO", `"certificate loaded"`, "b.crt", "[b.example]"},
		{"WARN", `"certificate has expired"`, "b.crt"},
		{"WARN", `"certificate isn't valid yet"`, "c.crt"},
		{"INFO", `"CA certificates loaded"`, "ca.crt", "certificates=1"},
		{"WARN", `"certificate has expired"`, "ca.crt"},
	} {
		if !slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return containsAll(line, words) }) {
			t.Errorf("no line with %q in:\n%s", words, text)
		}
	}
	got := s.Loaded()
	if len(got) != 3 || got[0].Subject != "CN=A" || got[0].File != f.path("a.crt") || !slices.Equal(got[0].Names, []string{"a.example", "*.a.example", "::1"}) ||
		!slices.Equal(got[1].Names, []string{"b.example"}) || got[1].NotAfter.Unix() != old.Unix() {
		t.Errorf("Loaded() = %+v", got)
	}
}

// TestOpenServerRefuses: every fault, in words that say what to do.
func TestOpenServerRefuses(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	a, b := ca.issue(wish{cn: "a"}), ca.issue(wish{cn: "b"})
	good := f.pair("good", a)
	swapped := Keypair{Cert: good.Key, Key: good.Cert}
	mixed := f.pair("mixed", issued{a.cert, b.key})
	text := f.write("text", []byte("hello"))
	damaged := f.write("damaged.crt", []byte("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"))
	pkcs8 := f.write("pkcs8.key", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	legacy := f.write("legacy.key", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n"))
	backwards := f.pair("backwards", issued{append(ca.pem(), a.cert...), a.key})
	missing := f.path("missing")
	pairs := func(p ...Keypair) ServerOptions { return ServerOptions{Keypairs: p} }
	for _, tt := range []struct {
		o    ServerOptions
		want []string
	}{
		{pairs(), []string{"at least one certificate"}},
		{pairs(Keypair{}), []string{"without a file"}},
		{pairs(Keypair{Cert: good.Cert}), []string{good.Cert, "without a key file"}},
		{pairs(Keypair{Key: good.Key}), []string{good.Key, "without a certificate file"}},
		{pairs(swapped), []string{good.Key + ": no CERTIFICATE in it, only PRIVATE KEY", good.Cert + ": no PRIVATE KEY in it, only CERTIFICATE"}},
		{pairs(mixed), []string{mixed.Cert, mixed.Key, "can't be used together", "does not match"}},
		{pairs(backwards), []string{"of a chain the first"}},
		{pairs(Keypair{text, text}), []string{text + ": not a PEM file", "BEGIN CERTIFICATE", "BEGIN PRIVATE KEY"}},
		{pairs(Keypair{damaged, good.Key}), []string{damaged, "malformed certificate"}},
		{pairs(Keypair{good.Cert, pkcs8}), []string{pkcs8, "encrypted", "openssl pkey"}},
		{pairs(Keypair{good.Cert, legacy}), []string{legacy, "encrypted"}},
		{pairs(Keypair{missing, good.Key}), []string{missing, "no such file"}},
		{ServerOptions{Keypairs: []Keypair{good}, RequireClientCert: true}, []string{"wants a CA file"}},
		{ServerOptions{Keypairs: []Keypair{good}, ClientCA: text}, []string{text + ": not a PEM file"}},
		{ServerOptions{Keypairs: []Keypair{good}, ClientCA: damaged}, []string{damaged, "certificate 1", "malformed"}},
		{ServerOptions{Keypairs: []Keypair{good}, ClientCA: good.Key}, []string{"no CERTIFICATE in it"}},
		{ServerOptions{Keypairs: []Keypair{good}, MinVersion: tls.VersionTLS11}, []string{"TLS 1.1", "want TLS 1.2 or 1.3"}},
		{ServerOptions{Keypairs: []Keypair{good}, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}, []string{"TLS_RSA_WITH_RC4_128_SHA"}},
		{ // all at once
			ServerOptions{Keypairs: []Keypair{mixed, {good.Cert, pkcs8}, {Cert: good.Cert}}, ClientCA: missing, MinVersion: 1},
			[]string{"does not match", "encrypted", "without a key file", "no such file", "as minimum version"},
		},
	} {
		s, err := OpenServer(tt.o)
		if s != nil {
			t.Errorf("%+v is opened", tt.o)
			ok(t, s.Close())
		}
		wantError(t, tt.want[0], err, tt.want...)
		if err != nil && strings.Contains(err.Error(), secret(a)) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

// secret is a part of the key's file that mustn't be seen anywhere.
func secret(i issued) string { return strings.Split(string(i.key), "\n")[1] }

// TestOneFile: certificate and key may be one file.
func TestOneFile(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	i := ca.issue(wish{cn: "one"})
	path := f.write("one.pem", append(i.key, i.cert...))
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{{path, path}}})
	if got := shake(t, s.Config(nil), &tls.Config{InsecureSkipVerify: true}).must(t).served(); got != "one" {
		t.Errorf("served %q", got)
	}
}

// verifiedName is who the client is by a certificate that was verified, "" if
// nobody knows.
func verifiedName(cs tls.ConnectionState) string {
	if len(cs.VerifiedChains) == 0 {
		return ""
	}
	return cs.PeerCertificates[0].Subject.CommonName
}
