//go:build linux

package loadtest

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// serveTLS has a server speak TLS with the certificate of a file, which it
// writes into its own folder itself: another user may not read the test's.
func serveTLS(t *testing.T, cluster *pgcluster.Cluster, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	err = cluster.Exec(t.Context(), "postgres",
		// It runs programs in its folder.
		"copy (select unnest(string_to_array($pem$"+strings.TrimSpace(string(text))+"$pem$, E'\\n'))) to program 'umask 077; cat > server.pem'",
		"alter system set ssl_cert_file = 'server.pem'", "alter system set ssl_key_file = 'server.pem'", "alter system set ssl = on")
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(t.Context(), pgcluster.Fast); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresOverTLS(t *testing.T) {
	file := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
	cluster := startPostgres(t)
	to := func(how client.Negotiation, s secure.Settings) Postgres {
		load := postgresTo(cluster, 3)
		load.TLS, load.Negotiation = &s, how
		s.ServerName = tlsHost
		return load
	}
	t.Run("a server that speaks none", func(t *testing.T) {
		r, err := to(client.ByRequest, secure.Settings{CA: file}).Run(t.Context())
		failed(t, r, err, measure.Handshake, "the server speaks no TLS")
	})
	t.Run("direct", func(t *testing.T) {
		config := serverConfig(t, file)
		config.NextProtos = []string{"postgresql"}
		load := to(client.Direct, secure.Settings{CA: file})
		load.Targets = []netip.AddrPort{endTLS(t, config, load.Targets[0])}
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "handshakes", r.TLS.Total(), 3)
	})
	serveTLS(t, cluster, file)
	t.Run("standing connections", func(t *testing.T) {
		r, err := to(client.ByRequest, secure.Settings{CA: file}).Run(t.Context())
		clean(t, r, err)
		equal(t, "handshakes", r.TLS.Total(), 3)
	})
	t.Run("new connections in processes", func(t *testing.T) {
		load := to(client.ByRequest, secure.Settings{CA: file})
		load.Common, load.NewConnections = sharded(load.Common), true
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "handshakes", r.TLS.Total(), r.Sessions.Wanted)
	})
	t.Run("a stranger", func(t *testing.T) {
		other := certificate(t, throwaway.Certificate{Names: []string{tlsHost}})
		r, err := to(client.ByRequest, secure.Settings{CA: other}).Run(t.Context())
		failed(t, r, err, measure.Untrusted, "certificate: of an unknown authority")
	})
	t.Run("no such database", func(t *testing.T) {
		load := to(client.ByRequest, secure.Settings{CA: file})
		load.Databases = []string{"gamma"}
		r, err := load.Run(t.Context())
		failed(t, r, err, measure.Rejected, "SQLSTATE 3D000")
	})
}
