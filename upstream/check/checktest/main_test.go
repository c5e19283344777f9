// Package checktest has the checks look at real servers: PostgreSQL, MariaDB,
// smtp-sink and nginx.
package checktest

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// look checks the server at the address.
func look(t *testing.T, address string, fn check.Func) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enginetest.Patience)
	defer cancel()
	return lookWith(ctx, address, fn)
}

// lookWith is look for as long as ctx lasts.
func lookWith(ctx context.Context, address string, fn check.Func) error {
	dial := func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", a.String())
	}
	return check.Run(ctx, dial, []netip.AddrPort{netip.MustParseAddrPort(address)}, fn)
}

// freeAddress is one where a server that can't choose its port may listen.
func freeAddress(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	enginetest.Must(t, err)
	defer l.Close()
	return l.Addr().String()
}
