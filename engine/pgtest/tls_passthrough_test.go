package pgtest

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// psqlByName is a connection string of libpq's for a name that leads to the
// proxy; libpq asks for it by SNI.
func (p *proxy) psqlByName(t *testing.T, name string, parameters ...string) string {
	t.Helper()
	return with(t, strings.Replace(p.url("vault"), frontName, name, 1), append(parameters, "hostaddr", frontName)...)
}

// pgxByName is the same for pgx.
func (p *proxy) pgxByName(t *testing.T, name string, parameters ...string) *pgx.ConnConfig {
	t.Helper()
	cfg, err := pgx.ParseConfig(with(t, strings.Replace(p.url("vault"), frontName, name, 1), parameters...))
	enginetest.Must(t, err)
	cfg.LookupFunc = func(context.Context, string) ([]string, error) { return []string{frontName}, nil }
	return cfg
}

// TestTLSPassthrough routes by SNI sessions whose TLS ends at the server: clients
// see its own certificate, and can bind their proof of the password to it.
func TestTLSPassthrough(t *testing.T) {
	v := startVault(t)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{vaultName: v.route()}, terminating(postgres.TLSPassthrough, nil))
		verified := []string{"sslmode", "verify-full", "sslrootcert", v.ca.File, "channel_binding", "require"}
		if got := psql(t, p.psqlByName(t, vaultName, verified...), "-c", howSeen).succeeds(t); got != "TLSv1.3" {
			t.Errorf("the server sees %q", got)
		}
		conn, err := pgx.ConnectConfig(t.Context(), p.pgxByName(t, vaultName, verified...))
		enginetest.Must(t, err)
		if got := ask(t, conn, howSeen); got != "TLSv1.3" {
			t.Errorf("the server sees %q", got)
		}
		enginetest.Must(t, conn.Close(t.Context()))
		v.abandon(t, p.pgxByName(t, vaultName, append(verified, "application_name", "abandoned")...))
		p.AwaitActive(0)
	})
}

// abandon cancels a query with pgx, whose CancelRequest comes by TLS and is
// routed by SNI as well. (One in the clear, as psql sends it, can't be routed.)
func (v *vault) abandon(t *testing.T, cfg *pgx.ConnConfig) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	enginetest.Must(t, err)
	s := sleepOn(t, conn, "abandoned")
	server := v.admin(t)
	awaitSleeping(t, server, "abandoned", 1)
	s.cancel(t)
	<-s.ended
	awaitSleeping(t, server, "abandoned", 0)
}

// TestTLSPassthroughRefusals has clients come that can't be routed. Those who
// speak TLS are told by its alerts.
func TestTLSPassthroughRefusals(t *testing.T) {
	v := startVault(t)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{vaultName: v.route(), "plain.test": to("alpha")}, terminating(postgres.TLSPassthrough, nil))
		tests := []struct {
			name, host, sslmode string
			reason              engine.Reason
			want                string
		}{
			{"in the clear", vaultName, "disable", engine.Forbidden, "FATAL:  " + insists},
			{"unknown name", "other.test", "require", engine.NotFound, "unrecognized name"},
			{"no name", frontName, "require", engine.NotFound, "alert missing extension"},
			{"no TLS there", "plain.test", "require", engine.BackendHandshakeFailed, "alert handshake failure"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				before := p.Stats().Closed[tt.reason]
				got := psql(t, p.psqlByName(t, tt.host, "sslmode", tt.sslmode), "-c", whoami)
				if got.code != 2 || !strings.Contains(got.stderr, tt.want) {
					t.Errorf("psql's exit code is %d, and it says %q, want 2 and %q", got.code, got.stderr, tt.want)
				}
				p.AwaitClosed(tt.reason, before+1)
			})
		}
	})
}

// TestTLSPassthroughDirect begins with TLS, which PostgreSQL takes from version
// 17 on: a server of the test's own does, whatever is installed.
func TestTLSPassthroughDirect(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	_, cert := ca.Issue(vaultName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, routes{vaultName: resolve.Result{Endpoint: backend.Address()}}, terminating(postgres.TLSPassthrough, nil))
		cfg := p.pgxByName(t, vaultName, "sslmode", "verify-full", "sslrootcert", ca.File, "sslnegotiation", "direct")
		connected := enginetest.Async(func() error {
			conn, err := pgx.ConnectConfig(t.Context(), cfg)
			if err != nil {
				return err
			}
			return conn.Close(t.Context())
		})
		server := tls.Server(backend.Accept(), &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"postgresql"}})
		enginetest.Must(t, letIn(server))
		enginetest.Must(t, <-connected)
		if got := server.ConnectionState().ServerName; got != vaultName {
			t.Errorf("the server was asked for %q", got)
		}
		enginetest.CloseAll(t, server.NetConn())
	})
}

// letIn plays a server that lets anybody in.
func letIn(conn *tls.Conn) error {
	server := pgproto3.NewBackend(conn, conn)
	if _, err := server.ReceiveStartupMessage(); err != nil {
		return err
	}
	server.Send(&pgproto3.AuthenticationOk{})
	server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return server.Flush()
}
