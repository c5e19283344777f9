package tlsterm

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"
)

// TestReloadKeepsSessions: a new certificate is for new handshakes, what is
// established goes on, and tickets from before are good.
func TestReloadKeepsSessions(t *testing.T) {
	bothVersions(t, func(t *testing.T, version uint16) {
		f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
		names := []string{"a.example"}
		s, log := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{cn: "old", names: names}))}})
		config := s.Config(nil)
		client := func() *tls.Config {
			return &tls.Config{ServerName: "a.example", RootCAs: ca.pool(), MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		}
		resuming := client()
		before := shake(t, config, resuming).wantResumed(t, false)
		log.rest()

		f.pair("a", ca.issue(wish{cn: "new", names: names}))
		log.until("INFO", "certificate loaded", "CN=new", "a.example")
		before.echo(t)
		shake(t, config, resuming).wantResumed(t, true).echo(t)
		if got := shake(t, config, client()).wantResumed(t, false).served(); got != "new" {
			t.Errorf("a new client is shown the %s certificate", got)
		}
		if got := s.Loaded()[0].Subject; got != "CN=new" {
			t.Errorf("Loaded() tells of %s", got)
		}
	})
}

// TestBrokenFiles: whatever is wrong with new files, the old certificate stays,
// that is said once, without the key, and the next sound ones are taken.
func TestBrokenFiles(t *testing.T) {
	ca := newAuthority(t, wish{cn: "ca"})
	next := ca.issue(wish{cn: "next"})
	for what, broken := range map[string]issued{
		"not PEM": {[]byte("hello"), next.key},
		"cut":     {next.cert[:len(next.cert)/2], next.key},
		"empty":   {nil, nil},
		"swapped": {next.key, next.cert},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFolder(t)
			s, log := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{cn: "old"}))}})
			config := s.Config(nil)
			f.pair("a", broken)
			line := log.until("ERROR", "the old ones stay", "a.crt")
			served := func() string { return shake(t, config, &tls.Config{InsecureSkipVerify: true}).must(t).served() }
			if got := served(); got != "old" {
				t.Errorf("served %q, want the old certificate", got)
			}
			f.pair("a", next)
			for served() != "next" {
				log.until("certificate loaded", "CN=next")
			}
			log.rest()
			if strings.Contains(log.all.String(), secret(next)) {
				t.Errorf("the log shows the key: %s", line)
			}
		})
	}
}

// TestToldOnce: the same fault isn't told at every look.
func TestToldOnce(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	pair := f.pair("a", ca.issue(wish{cn: "old"}))
	s, log := f.server(ServerOptions{Keypairs: []Keypair{pair}})
	f.write("a.crt", []byte("hello"))
	log.until("ERROR", "not a PEM file")
	for range 3 {
		log.poll <- time.Time{} // the third is taken when the second is done
	}
	if rest := log.rest(); strings.Contains(rest, "ERROR") {
		t.Errorf("told again: %s", rest)
	}
	wantError(t, "Reload", s.Reload(), "not a PEM file")
	if taken, ignored := s.Reloads(); taken != 0 || ignored != 1 {
		t.Errorf("Reloads() = %d, %d, want 0, 1", taken, ignored)
	}
}

// TestHalfReplaced: certificate and key come one after the other. In between
// nothing is wrong yet; what stays so is.
func TestHalfReplaced(t *testing.T) {
	for _, order := range [][2]string{{"a.crt", "a.key"}, {"a.key", "a.crt"}} {
		t.Run(order[0]+" first", func(t *testing.T) {
			f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
			s, log := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{cn: "old"}))}})
			next := ca.issue(wish{cn: "next"})
			content := map[string][]byte{"a.crt": next.cert, "a.key": next.key}
			f.write(order[0], content[order[0]])
			log.until("DEBUG", "waiting for the other file")
			f.write(order[1], content[order[1]])
			log.until("INFO", "certificate loaded", "CN=next")
			if strings.Contains(log.all.String(), "ERROR") {
				t.Errorf("logged an error:\n%s", log.all.String())
			}
			if taken, ignored := s.Reloads(); taken != 1 || ignored != 0 {
				t.Errorf("Reloads() = %d, %d, want 1, 0", taken, ignored)
			}

			f.write("a.crt", ca.issue(wish{cn: "third"}).cert)
			log.until("DEBUG", "waiting for the other file")
			log.poll <- time.Time{}
			log.until("ERROR", "can't be used together")
		})
	}
}

// TestReload: it is done at once, and says what is wrong.
func TestReload(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{cn: "old"}))}})
	ok(t, s.Reload())
	f.pair("a", ca.issue(wish{cn: "next"}))
	ok(t, s.Reload())
	if got := s.Loaded()[0].Subject; got != "CN=next" {
		t.Errorf("%s is loaded", got)
	}
	f.write("a.key", ca.issue(wish{}).key)
	wantError(t, "Reload", s.Reload(), "can't be used together")
	if got := s.Loaded()[0].Subject; got != "CN=next" {
		t.Errorf("%s is loaded", got)
	}
}

// TestClosed: the configuration is usable, Close repeatable.
func TestClosed(t *testing.T) {
	f, ca := newFolder(t), newAuthority(t, wish{cn: "ca"})
	s, _ := f.server(ServerOptions{Keypairs: []Keypair{f.pair("a", ca.issue(wish{cn: "a"}))}})
	ok(t, s.Close())
	shake(t, s.Config(nil), &tls.Config{InsecureSkipVerify: true}).must(t)
}
