package pgtest

import (
	"crypto/tls"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestTLSDirect begins with TLS instead of asking for it, as libpq does from
// version 17 on with sslnegotiation=direct.
func TestTLSDirect(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, mode := range []postgres.TLSMode{postgres.TLSOffered, postgres.TLSRequired} {
			p := startProxy(t, impl, routesByName(), terminating(mode, server))
			conn := connect(t, with(t, p.url("beta"), "sslmode", "verify-full", "sslrootcert", ca.File, "sslnegotiation", "direct"))
			if got := ask(t, conn, whoami); got != "beta/beta" {
				t.Errorf("%v: got to %s", mode, got)
			}
			if alpn := encrypted(conn).ConnectionState().NegotiatedProtocol; alpn != "postgresql" {
				t.Errorf("%v: the application protocol is %q", mode, alpn)
			}
			enginetest.Must(t, conn.Close(t.Context()))
		}
	})
}

// TestTLSDirectWithoutALPN refuses those who begin with TLS and may mean another
// protocol.
func TestTLSDirectWithoutALPN(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSOffered, server))
		none := tls.Client(dialRaw(t, p), &tls.Config{RootCAs: ca.Roots(), ServerName: frontName})
		enginetest.Must(t, none.Handshake())
		wantRefusal(t, none, "08P01")
		p.AwaitClosed(engine.Malformed, 1)

		other := tls.Client(dialRaw(t, p), &tls.Config{RootCAs: ca.Roots(), ServerName: frontName, NextProtos: []string{"h2", "http/1.1"}})
		const want = "remote error: tls: no application protocol"
		if err := other.Handshake(); err == nil || err.Error() != want {
			t.Errorf("with another protocol: %v, want %s", err, want)
		}
		enginetest.CloseAll(t, other.NetConn())
		p.AwaitClosed(engine.HandshakeFailed, 1)
	})
}
