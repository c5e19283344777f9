//go:build linux

package loadtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// tlsHost is what the certificates of the tests are for.
const tlsHost = "load.example"

// certificate writes one and returns the file.
func certificate(t *testing.T, c throwaway.Certificate) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate.pem")
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// serverConfig is TLS with the certificate of a file.
func serverConfig(t *testing.T, file string) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// endTLS serves TLS in front of a backend that speaks none.
func endTLS(t *testing.T, config *tls.Config, behind netip.AddrPort) netip.AddrPort {
	return serveOne(t, func(conn net.Conn) {
		client := tls.Server(conn, config)
		server, err := net.Dial("tcp", behind.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		up := make(chan struct{})
		go func() {
			defer close(up)
			_, _ = io.Copy(server, client)
			_ = server.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(client, server)
		_ = client.CloseWrite()
		<-up
	})
}

// overTLS is the settings to reach a rig's backend under TLS.
func overTLS(t *testing.T, rig *rig, s secure.Settings) Common {
	t.Helper()
	file := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
	s.CA, s.ServerName = file, tlsHost
	c := rig.Common
	c.Targets, c.TLS = []netip.AddrPort{endTLS(t, serverConfig(t, file), rig.server.Addr())}, &s
	return c
}

func TestEveryModeOverTLS(t *testing.T) {
	const conns = 5
	modes := map[string]struct {
		kind backend.Kind
		run  func(Common) runner
	}{
		"hold": {backend.Echo, func(c Common) runner {
			return Hold{Common: c, Sessions: conns, Ramp: 10_000, Touch: 200_000, Payload: 64}
		}},
		"hold, touched again": {backend.Echo, func(c Common) runner {
			return Hold{Common: c, Sessions: conns, Ramp: 10_000, Touch: 50_000, Payload: 64, TouchEvery: 10 * time.Millisecond}
		}},
		"rr":        {backend.Echo, func(c Common) runner { return RR{Exchanges: exchangesTo(c, conns), Payload: 300_000} }},
		"rate":      {backend.Echo, func(c Common) runner { return Rate{Exchanges: exchangesTo(c, conns), Payload: 64} }},
		"download":  {backend.Flood, func(c Common) runner { return bulkTo(c, Download) }},
		"upload":    {backend.Sink, func(c Common) runner { return bulkTo(c, Upload) }},
		"both ways": {backend.Flood, func(c Common) runner { return bulkTo(c, Both) }},
		"http": {backend.HTTP, func(c Common) runner {
			return HTTP{Exchanges: exchangesTo(c, conns), Path: "/", Payload: backend.DefaultPayload}
		}},
		"http, new connections": {backend.HTTP, func(c Common) runner {
			return HTTP{Exchanges: exchangesTo(c, conns), Path: "/", Payload: backend.DefaultPayload, NewConnections: true}
		}},
	}
	for name, mode := range modes {
		for where, spread := range map[string]func(Common) Common{"": func(c Common) Common { return c }, " in processes": sharded} {
			t.Run(name+where, func(t *testing.T) {
				c := overTLS(t, newRig(t, mode.kind), secure.Settings{Curve: secure.Curve(tls.X25519)})
				r, err := mode.run(spread(c)).Run(t.Context())
				clean(t, r, err)
				if r.TLS.Total() < r.Sessions.Wanted || len(r.TLS) != 1 {
					t.Errorf("%d sessions, handshakes %v", r.Sessions.Wanted, r.TLS)
				}
				for terms := range r.TLS {
					if !strings.HasPrefix(terms, "TLS 1.3, ") || !strings.HasSuffix(terms, ", X25519") {
						t.Errorf("agreed on %q", terms)
					}
				}
			})
		}
	}
}

func bulkTo(c Common, d Direction) Bulk {
	return Bulk{Common: c, Conns: 2, Direction: d, Duration: 100 * time.Millisecond}
}

func TestHandshakesAreFullUnlessResumed(t *testing.T) {
	for name, c := range map[string]struct {
		settings secure.Settings
		resumed  bool
		want     string // of every handshake
	}{
		"full":         {secure.Settings{Min: tls.VersionTLS13}, false, "TLS 1.3, "},
		"resumed":      {secure.Settings{Resume: true}, true, "TLS 1.3, "},
		"1.2":          {secure.Settings{Max: tls.VersionTLS12}, false, "TLS 1.2, "},
		"1.2, resumed": {secure.Settings{Max: tls.VersionTLS12, Resume: true}, true, "TLS 1.2, "},
	} {
		t.Run(name, func(t *testing.T) {
			common := overTLS(t, newRig(t, backend.Echo), c.settings)
			common.Loops = 1
			r, err := Rate{Exchanges: exchangesTo(common, 1), Payload: 64}.Run(t.Context())
			clean(t, r, err)
			resumed := uint64(0)
			for terms, n := range r.TLS {
				if strings.HasSuffix(terms, ", resumed") {
					resumed += n
				}
				if !strings.HasPrefix(terms, c.want) {
					t.Errorf("%q, want %q", terms, c.want)
				}
			}
			want := uint64(0)
			if c.resumed {
				want = r.Sessions.Wanted - 1 // the first has nothing to resume
			}
			equal(t, "handshakes", r.TLS.Total(), r.Sessions.Wanted)
			equal(t, "resumed", resumed, want)
		})
	}
}

func TestBackendThatSpeaksTLS(t *testing.T) {
	file := certificate(t, throwaway.Certificate{Names: []string{"127.0.0.1"}})
	rig := newRigOf(t, backend.Config{Kind: backend.Echo, Loops: 2, TLS: serverConfig(t, file)})
	rig.TLS = &secure.Settings{CA: file} // asked for by its address
	const sessions, touch, payload = 101, 300_000, 64
	r, err := Hold{Common: rig.Common, Sessions: sessions, Ramp: 100_000, Touch: touch, Payload: payload}.Run(t.Context())
	clean(t, r, err)
	s := rig.settled()
	equal(t, "accepted", s.Accepted, sessions+holdWarmUp)
	equal(t, "handshakes", r.TLS.Total(), sessions+holdWarmUp)
	equal(t, "bytes", s.Bytes, (sessions+holdWarmUp)*(touch+payload)+sessions*payload)
}

// echoOnce is a server that answers one message.
func echoOnce(conn net.Conn) {
	b := make([]byte, 64)
	if n, err := conn.Read(b); err == nil {
		_, _ = conn.Write(b[:n])
		_, _ = conn.Read(b)
	}
}

// underTLS has a script speak TLS.
func underTLS(config *tls.Config, script func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		encrypted := tls.Server(conn, config)
		script(encrypted)
		_ = encrypted.Close()
	}
}

func TestTLSFailures(t *testing.T) {
	good := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
	namesake := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
	ended := certificate(t, throwaway.Certificate{Names: []string{tlsHost}, Ended: true})
	other := certificate(t, throwaway.Certificate{Names: []string{"other.example"}})
	server := func(file string, change func(*tls.Config)) func(net.Conn) {
		config := serverConfig(t, file)
		change(config)
		return underTLS(config, echoOnce)
	}
	asIs := func(*tls.Config) {}
	mutual := func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		c.ClientCAs.AddCert(leafOf(t, good))
	}
	for name, c := range map[string]struct {
		answer   func(net.Conn)
		settings secure.Settings
		want     measure.Failure
		said     string
	}{
		"an unknown authority": {server(namesake, asIs), secure.Settings{CA: good}, measure.Untrusted, "certificate: of an unknown authority"},
		"another name":         {server(other, asIs), secure.Settings{CA: other}, measure.Untrusted, "certificate: for another name"},
		"an expired one":       {server(ended, asIs), secure.Settings{CA: ended}, measure.Untrusted, "certificate: expired, or not yet valid"},
		"no version in common": {
			server(good, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), secure.Settings{CA: good, Min: tls.VersionTLS13},
			measure.Handshake, "alert: tls: protocol version not supported",
		},
		"no TLS": {
			func(conn net.Conn) {
				_, _ = conn.Write([]byte("220 ready when you are\r\n"))
				_, _ = io.Copy(io.Discard, conn)
			},
			secure.Settings{CA: good}, measure.Handshake, "tls: first record does not look like a TLS handshake",
		},
		"no client certificate, 1.2": {server(good, mutual), secure.Settings{CA: good, Max: tls.VersionTLS12}, measure.Handshake, "alert: tls: handshake failure"},
		"no client certificate, 1.3": {server(good, mutual), secure.Settings{CA: good}, measure.Alert, "alert: tls: certificate required"},
		"an unknown client certificate": {
			server(good, mutual), secure.Settings{CA: good, Cert: other, Key: other}, measure.Alert, "alert: tls: unknown certificate authority",
		},
		"the end within the handshake": {func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
		}, secure.Settings{CA: good}, measure.Ended, ""},
		"the end within an exchange": {underTLS(serverConfig(t, good), func(conn net.Conn) { _, _ = conn.Read(make([]byte, 64)) }), secure.Settings{CA: good}, measure.Ended, ""},
		"other bytes": {
			underTLS(serverConfig(t, good), func(conn net.Conn) { b := make([]byte, 64); _, _ = conn.Read(b); b[9] ^= 1; _, _ = conn.Write(b) }),
			secure.Settings{CA: good}, measure.Wrong, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			common := commonTo(serveOne(t, c.answer))
			c.settings.ServerName = tlsHost
			common.TLS = &c.settings
			r, err := RR{Exchanges: exchangesTo(common, 1), Payload: 64}.Run(t.Context())
			failed(t, r, err, c.want, c.said)
			if n := r.Failures.Total(); n > giveUpAfter {
				t.Errorf("%d failures of one connection", n)
			}
		})
	}
}

// failed checks that sessions failed in this way, and in no other.
func failed(t *testing.T, r *report.Report, err error, kind measure.Failure, said string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	n := r.Failures[kind]
	if n == 0 || n != r.Failures.Total() || said != "" && r.Answers[said] != n {
		t.Errorf("failures %v, said %v, want %v, %q", r.Failures, r.Answers, kind, said)
	}
}

func leafOf(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(serverConfig(t, file).Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func TestClientCertificate(t *testing.T) {
	file := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
	config := serverConfig(t, file)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	config.ClientCAs.AddCert(leafOf(t, file))
	rig := newRig(t, backend.Echo)
	rig.Targets = []netip.AddrPort{endTLS(t, config, rig.server.Addr())}
	rig.TLS = &secure.Settings{CA: file, ServerName: tlsHost, Cert: file, Key: file}
	r, err := RR{Exchanges: exchangesTo(rig.Common, 2), Payload: 64}.Run(t.Context())
	clean(t, r, err)
}

// TestSilentHandshakes has a server that never answers: handshakes end with
// the timeout, and with the run.
func TestSilentHandshakes(t *testing.T) {
	for mode := range modesAgainst(Common{}) {
		t.Run(mode, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := commonTo(serveOne(t, func(conn net.Conn) {
				cancel()
				_, _ = io.Copy(io.Discard, conn)
			}))
			c.TLS = &secure.Settings{ServerName: tlsHost}
			r, err := modesAgainst(c)[mode].Run(ctx)
			if err != nil || !r.Interrupted || r.TLS.Total() != 0 {
				t.Errorf("%v, report %+v", err, r)
			}
		})
	}
	t.Run("timeout", func(t *testing.T) {
		c := commonTo(serveOne(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }))
		c.TLS, c.Timeout = &secure.Settings{ServerName: tlsHost}, time.Millisecond
		r, err := RR{Exchanges: exchangesTo(c, 2), Payload: 64}.Run(t.Context())
		if err != nil || r.Failures[measure.Late] == 0 || r.Failures[measure.Late] != r.Failures.Total() {
			t.Errorf("%v, failures %v", err, r.Failures)
		}
	})
}

func TestTLSFilesAreChecked(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []secure.Settings{{CA: "nowhere"}, {CA: empty}, {Cert: empty, Key: empty}, {Cert: empty}, {Min: tls.VersionTLS13, Max: tls.VersionTLS12}} {
		c := commonTo(netip.MustParseAddrPort("127.0.0.1:1"))
		c.TLS = &s
		if _, err := (RR{Exchanges: exchangesTo(c, 1), Payload: 1}).Run(t.Context()); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}
