package tlsterm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// backend returns the configuration of a server of the tests.
func (i issued) backend(t *testing.T) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{i.load(t)}}
}

// TestVerify: what each mode accepts of a backend.
func TestVerify(t *testing.T) {
	f, ca, other := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "other"})
	c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem())})
	names, hour := []string{"db.example", "*.pool.example"}, time.Now().Add(-time.Hour)
	backends := map[string]issued{
		"good":       ca.issue(wish{names: names, ips: []string{"192.0.2.1", "fe80::1"}}),
		"through":    ca.below(wish{cn: "middle"}).issue(wish{names: names}),
		"unknown CA": other.issue(wish{names: names}),
		"expired":    ca.issue(wish{names: names, from: hour.Add(-time.Hour), until: hour}),
		"cn only":    ca.issue(wish{cn: "db.example"}),
	}
	const unknown, expired = "unknown authority", "has expired"
	for _, tt := range []struct {
		backend, name string
		ca, full      string // the errors of VerifyCA and VerifyFull
	}{
		{"good", "db.example", "", ""},
		{"good", "DB.example.", "", ""},
		{"good", "a.pool.example", "", ""},
		{"good", "192.0.2.1", "", ""},
		{"good", "fe80::1", "", ""},
		{"good", "fe80::1%eth0", "", ""},
		{"good", "192.0.2.2", "", "for 192.0.2.1, fe80::1, not 192.0.2.2"},
		{"good", "web.example", "", "not web.example"},
		{"good", "a.b.pool.example", "", "not a.b.pool.example"},
		{"good", "", "", "ServerName"},
		{"through", "db.example", "", ""},
		{"through", "192.0.2.1", "", "doesn't contain any IP SANs"},
		{"unknown CA", "db.example", unknown, unknown},
		{"unknown CA", "web.example", unknown, "not web.example"},
		{"expired", "db.example", expired, expired},
		{"cn only", "db.example", "", "Common Name"},
	} {
		for mode, want := range map[Verify]string{Prefer: "", Require: "", VerifyCA: tt.ca, VerifyFull: tt.full} {
			bothVersions(t, func(t *testing.T, version uint16) {
				server := backends[tt.backend].backend(t)
				server.MaxVersion = version
				e := shake(t, server, c.Config(mode, tt.name, nil))
				what := fmt.Sprintf("%s: %s as %q", mode, tt.backend, tt.name)
				switch {
				case want == "" && e.clientErr != nil:
					t.Errorf("%s is refused: %v", what, e.clientErr)
				case want != "":
					wantError(t, what, e.clientErr, want)
				}
			})
		}
	}
	if c.Config(Off, "db.example", nil) != nil {
		t.Error("there is a configuration for no TLS")
	}
}

// TestVerifyErrors: both modes that verify fail with the same type of error.
func TestVerifyErrors(t *testing.T) {
	f, ca, other := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "other"})
	c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem())})
	for _, mode := range []Verify{VerifyCA, VerifyFull} {
		err := shake(t, other.issue(wish{names: []string{"db.example"}}).backend(t), c.Config(mode, "db.example", nil)).clientErr
		verification, isOne := errors.AsType[*tls.CertificateVerificationError](err)
		if !isOne || len(verification.UnverifiedCertificates) != 1 {
			t.Errorf("%v: %T", mode, err)
		}
		if _, isOne := errors.AsType[x509.UnknownAuthorityError](err); !isOne {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

// TestSystemRoots: without a CA file the system's are asked, which don't know
// the backend's.
func TestSystemRoots(t *testing.T) {
	c := newFolder(t).client(ClientOptions{})
	ok(t, c.Reload())
	backend := newAuthority(t, wish{cn: "ca"}).issue(wish{names: []string{"db.example"}}).backend(t)
	for _, mode := range []Verify{VerifyCA, VerifyFull} {
		wantError(t, mode.String(), shake(t, backend, c.Config(mode, "db.example", nil)).clientErr, "unknown authority")
	}
	shake(t, backend, c.Config(Require, "db.example", nil)).must(t)
	ok(t, c.Close())
}

// TestNameSent: a name is sent (SNI), an address isn't.
func TestNameSent(t *testing.T) {
	c := newFolder(t).client(ClientOptions{})
	for name, want := range map[string]string{"db.example": "db.example", "192.0.2.1": "", "2001:db8::1": "", "fe80::1%eth0": ""} {
		server := newAuthority(t, wish{cn: "ca"}).issue(wish{}).backend(t)
		e := shake(t, server, c.Config(Require, name, nil)).must(t)
		if got := e.server.ConnectionState().ServerName; got != want {
			t.Errorf("%s: %q is sent, want %q", name, got, want)
		}
	}
}

// TestBackendSessions: sessions with a backend are resumed, but never those
// that were verified in another way, for another name or by another CA.
func TestBackendSessions(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
		c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem())})
		server := ca.issue(wish{names: []string{"a.example", "b.example"}, ips: []string{"192.0.2.1"}}).backend(t)
		server.MaxVersion = version
		server.NextProtos = []string{"postgresql"}
		dial := func(mode Verify, name string, alpn ...string) *ends {
			return shake(t, server, c.Config(mode, name, alpn))
		}
		for _, mode := range []Verify{Prefer, Require, VerifyCA, VerifyFull} {
			for _, name := range []string{"a.example", "b.example", "192.0.2.1"} {
				dial(mode, name).wantResumed(t, false)
				dial(mode, name).wantResumed(t, true)
			}
			dial(mode, "a.example", "postgresql").wantResumed(t, false)
			dial(mode, "a.example").wantResumed(t, true)
		}
		dial(Require, "").wantResumed(t, false)
		dial(Require, "").wantResumed(t, false)

		f.write("ca.crt", append(ca.pem(), newAuthority(t, wish{cn: "another"}).pem()...))
		ok(t, c.Reload())
		dial(VerifyFull, "a.example").wantResumed(t, false)
		f.write("ca.crt", newAuthority(t, wish{cn: "another"}).pem())
		ok(t, c.Reload())
		for _, mode := range []Verify{VerifyCA, VerifyFull} {
			wantError(t, mode.String(), dial(mode, "a.example").clientErr, "unknown authority")
		}
	})
}

// TestBackendExpires: a session isn't resumed once a certificate of the chain
// that it was verified by has expired.
func TestBackendExpires(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of synctest's clock
		from, long, short := start.Add(-time.Hour), start.AddDate(0, 0, 5), start.Add(time.Hour)
		names := []string{"db.example"}
		f, ca := newFolder(t), newAuthority(t, wish{cn: "ca", from: from, until: long})
		c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem())})
		for what, cert := range map[string]issued{
			"certificate":   ca.issue(wish{names: names, from: from, until: short}),
			"CA in between": ca.below(wish{cn: "middle", from: from, until: short}).issue(wish{names: names, from: from, until: long}),
		} {
			server := cert.backend(t)
			server.MaxVersion = version
			for _, mode := range []Verify{VerifyCA, VerifyFull} {
				synctest.Test(t, func(t *testing.T) {
					dial := func() *ends {
						s, client := bufferedPipe()
						t.Cleanup(func() { s.Close(); client.Close() })
						return shakeOver(s, client, server, c.Config(mode, "db.example", []string{what, mode.String()}))
					}
					dial().wantResumed(t, false)
					dial().wantResumed(t, true)
					time.Sleep(2 * time.Hour)
					wantError(t, what+" "+mode.String(), dial().clientErr, "has expired")
				})
			}
		}
	})
}

// TestOwnCertificate: the client's certificate is shown if the backend asks for
// it, and after a reload the new one is, with no session of the old.
func TestOwnCertificate(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
		pair := f.pair("client", ca.issue(wish{cn: "old"}))
		c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem()), Cert: pair.Cert, Key: pair.Key})
		server := ca.issue(wish{names: []string{"db.example"}}).backend(t)
		server.MaxVersion = version
		shake(t, server, c.Config(VerifyFull, "db.example", nil)).must(t) // nobody asks
		server = server.Clone()
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool()
		for _, want := range []string{"old", "new"} {
			for _, resumed := range []bool{false, true} {
				e := shake(t, server, c.Config(VerifyFull, "db.example", nil)).wantResumed(t, resumed)
				if id := verifiedName(e.server.ConnectionState()); id != want {
					t.Errorf("the backend knows the proxy as %q, want %s", id, want)
				}
			}
			f.pair("client", ca.issue(wish{cn: "new"}))
			ok(t, c.Reload())
		}
		if got := c.Loaded(); len(got) != 1 || got[0].File != pair.Cert {
			t.Errorf("Loaded() = %+v", got)
		}
	})
}

// TestClientReload: new files are found without being asked.
func TestClientReload(t *testing.T) {
	f, ca, next := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "next"})
	log := newLogbook(t)
	c := f.client(ClientOptions{CA: f.write("ca.crt", ca.pem()), Logger: log.logger()})
	log.until("CA certificates loaded")
	server := next.issue(wish{names: []string{"db.example"}}).backend(t)
	wantError(t, "before", shake(t, server, c.Config(VerifyFull, "db.example", nil)).clientErr, "unknown authority")
	f.write("ca.crt", []byte("hello"))
	log.until("ERROR", "ca.crt", "not a PEM file")
	f.write("ca.crt", next.pem())
	log.until("CA certificates loaded")
	shake(t, server, c.Config(VerifyFull, "db.example", nil)).must(t)
}

func TestOpenClientRefuses(t *testing.T) {
	f := newFolder(t)
	text := f.write("text", []byte("hello"))
	for _, tt := range []struct {
		o    ClientOptions
		want []string
	}{
		{ClientOptions{Cert: text}, []string{"without a key file"}},
		{ClientOptions{Key: text}, []string{"without a certificate file"}},
		{ClientOptions{CA: text, Cert: text, Key: f.path("missing"), MinVersion: tls.VersionTLS10}, []string{"not a PEM file", "no such file", "TLS 1.0"}},
	} {
		c, err := OpenClient(tt.o)
		if c != nil {
			t.Errorf("%+v is opened", tt.o)
			ok(t, c.Close())
		}
		wantError(t, tt.want[0], err, tt.want...)
	}
}

// TestTargetsAreBounded: configurations are kept, those in use longest, and not
// more than there is room for.
func TestTargetsAreBounded(t *testing.T) {
	c := newFolder(t).client(ClientOptions{})
	favourite := c.Config(VerifyFull, "favourite", nil)
	for i := range 3 * maxTargets {
		c.Config(VerifyFull, fmt.Sprint(i), nil)
		if i%100 == 0 && c.Config(VerifyFull, "favourite", nil) != favourite {
			t.Fatalf("what is in use is forgotten after %d others", i)
		}
	}
	if n := len(c.targets.recent) + len(c.targets.older); n > maxTargets {
		t.Errorf("%d are kept, want at most %d", n, maxTargets)
	}
	last := c.Config(VerifyFull, "last", []string{"postgresql"})
	alpn := []string{"postgresql"}
	if got := testing.AllocsPerRun(100, func() {
		if c.Config(VerifyFull, "last", alpn) != last {
			t.Error("another configuration")
		}
	}); got != 0 {
		t.Errorf("%v allocations for a known backend, want none", got)
	}
}
