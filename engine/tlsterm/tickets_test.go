package tlsterm

import (
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"
)

// resuming returns a client's configuration that resumes.
func (a *authority) resuming(version uint16, name string, cert *issued) *tls.Config {
	c := &tls.Config{ServerName: name, RootCAs: a.pool(), MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	if cert != nil {
		c.Certificates = []tls.Certificate{cert.load(a.t)}
	}
	return c
}

// TestTicketAfterCAReload: a session with a client certificate isn't resumed
// once its CA is gone; if the certificate is good for the new CA too, or none is
// required, a full handshake lets the client in.
func TestTicketAfterCAReload(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca, next := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "next"})
		pair := []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}}))}
		s, _ := f.server(ServerOptions{Keypairs: pair, ClientCA: f.write("ca.crt", ca.pem()), RequireClientCert: true})
		config := s.Config(nil)
		alice := new(ca.issue(wish{cn: "alice"}))
		client := ca.resuming(version, "a.example", alice)
		shake(t, config, client).wantResumed(t, false)
		e := shake(t, config, client).wantResumed(t, true)
		if id := verifiedName(e.server.ConnectionState()); id != "alice" {
			t.Errorf("a resumed session is %q's", id)
		}

		f.write("ca.crt", append(ca.pem(), next.pem()...))
		ok(t, s.Reload())
		shake(t, config, client).wantResumed(t, true)

		f.write("ca.crt", next.pem())
		ok(t, s.Reload())
		// The client doesn't show a certificate of a CA that isn't asked for.
		refused := shake(t, config, client)
		wantError(t, "the old CA's client", refused.serverErr)
		if refused.server.ConnectionState().DidResume {
			t.Error("the session is resumed")
		}

		f.write("ca.crt", append(ca.pem(), next.pem()...))
		ok(t, s.Reload())
		shake(t, config, client).must(t)
	})
}

// TestTicketOptionalCA: without a required certificate, the session of a client
// whose CA is gone isn't resumed as his either.
func TestTicketOptionalCA(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca, next := newFolder(t), newAuthority(t, wish{cn: "ca"}), newAuthority(t, wish{cn: "next"})
		pair := []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}}))}
		s, _ := f.server(ServerOptions{Keypairs: pair, ClientCA: f.write("ca.crt", ca.pem())})
		client := ca.resuming(version, "a.example", new(ca.issue(wish{cn: "alice"})))
		shake(t, s.Config(nil), client).wantResumed(t, false)
		f.write("ca.crt", next.pem())
		ok(t, s.Reload())
		e := shake(t, s.Config(nil), client).wantResumed(t, false)
		if id := verifiedName(e.server.ConnectionState()); id != "" {
			t.Errorf("the client is taken for %q", id)
		}
	})
}

// TestTicketAfterExpiry: nor once a certificate of its chain has expired.
func TestTicketAfterExpiry(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		// Where synctest's clock begins.
		start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		from, long, short := start.Add(-time.Hour), start.AddDate(0, 0, 5), start.Add(time.Hour)
		ca := newAuthority(t, wish{cn: "ca", from: from, until: long})
		f := newFolder(t)
		pair := []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}, from: from, until: long}))}
		s, _ := f.server(ServerOptions{Keypairs: pair, ClientCA: f.write("ca.crt", ca.pem()), RequireClientCert: true})
		for what, cert := range map[string]issued{
			"the certificate": ca.issue(wish{cn: "alice", from: from, until: short}),
			"a CA between":    ca.below(wish{cn: "middle", from: from, until: short}).issue(wish{cn: "alice", from: from, until: long}),
		} {
			client := ca.resuming(version, "a.example", &cert)
			synctest.Test(t, func(t *testing.T) {
				pipe := func() *ends {
					left, right := bufferedPipe()
					t.Cleanup(func() { left.Close(); right.Close() })
					return shakeOver(left, right, s.Config(nil), client)
				}
				pipe().wantResumed(t, false)
				time.Sleep(59 * time.Minute)
				pipe().wantResumed(t, true)
				time.Sleep(2 * time.Minute)
				e := pipe()
				wantError(t, what+" has expired", e.serverErr, "expired")
			})
		}
	})
}

// TestTicketName: a ticket is for the name it was given under.
func TestTicketName(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
		s, _ := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example", "b.example"}}))}})
		cache := new(lastSession) // gives a session for any name
		for _, tt := range []struct {
			name    string
			resumed bool
		}{{"a.example", false}, {"a.example", true}, {"b.example", false}, {"b.example", true}, {"a.example", false}} {
			client := ca.resuming(version, tt.name, nil)
			client.ClientSessionCache = cache
			shake(t, s.Config(nil), client).wantResumed(t, tt.resumed)
		}
	})
}

// TestTicketListeners: listeners with the same protocols share sessions, others
// don't.
func TestTicketListeners(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{names: []string{"a.example"}}))}})
	client := ca.resuming(tls.VersionTLS13, "a.example", nil)
	shake(t, s.Config([]string{"h2"}), client).wantResumed(t, false)
	shake(t, s.Config([]string{"h2"}), client).wantResumed(t, true)
	shake(t, s.Config(nil), client).wantResumed(t, false)
}
