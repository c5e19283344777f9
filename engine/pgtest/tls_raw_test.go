package pgtest

import (
	"context"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// sslRequest asks for TLS.
func sslRequest() []byte { return opening(8, 1234<<16|5679) }

// TestTLSGlued sends something behind an SSLRequest in the clear, as somebody on
// the way would who wants it taken for encrypted (CVE-2021-23214).
func TestTLSGlued(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	startup := append(opening(17, 3<<16), "user\x00app\x00\x00"...)
	glued := map[string][]byte{
		"one byte":            {0},
		"a startup":           startup,
		"another SSL request": sslRequest(),
		"TLS":                 []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, mode := range []postgres.TLSMode{postgres.TLSOffered, postgres.TLSRequired} {
			p := startProxy(t, impl, routesByName(), terminating(mode, server))
			for what, rest := range glued {
				t.Run(mode.String()+" "+what, func(t *testing.T) {
					conn := dialRaw(t, p)
					_, err := conn.Write(append(sslRequest(), rest...))
					enginetest.Must(t, err)
					wantRefusal(t, conn, "08P01")
				})
			}
			p.AwaitClosed(engine.Malformed, uint64(len(glued)))
		}
	})
}

// trickling is a connection that sends every byte by itself.
type trickling struct{ net.Conn }

// Write implements io.Writer.
func (c trickling) Write(p []byte) (int, error) {
	for i := range p {
		if n, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
	}
	return len(p), nil
}

// TestTLSTrickling has a client send all it sends byte by byte: its SSLRequest,
// its handshake, its startup and a query, within TLS.
func TestTLSTrickling(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	server := ca.Server(frontName)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName(), terminating(postgres.TLSRequired, server))
		for _, negotiation := range []string{"postgres", "direct"} {
			cfg, err := pgx.ParseConfig(with(t, p.url("alpha"), "sslmode", "verify-full", "sslrootcert", ca.File, "sslnegotiation", negotiation))
			enginetest.Must(t, err)
			cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				return trickling{conn}, err
			}
			conn, err := pgx.ConnectConfig(t.Context(), cfg)
			enginetest.Must(t, err)
			if got := ask(t, conn, whoami); got != "alpha/alpha" {
				t.Errorf("%s: got to %s", negotiation, got)
			}
			enginetest.Must(t, conn.Close(t.Context()))
		}
	})
}
