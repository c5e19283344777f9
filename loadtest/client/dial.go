package client

import (
	"context"
	"net"
	"net/netip"
)

// dialTCP connects to an address from another, or from one of the kernel's
// choice if that is the zero Addr. Keepalive is off: connections that are held
// idle should cost nothing but what the server under test does.
func dialTCP(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1, Control: bindWithoutPort}
	conn, err := d.DialTCP(ctx, "tcp", netip.AddrPortFrom(from, 0), to)
	if err != nil {
		return nil, err
	}
	return conn, nil
}
