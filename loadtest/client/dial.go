package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
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

// within runs what reads and writes a connection and ends with ctx. When ctx is
// done the error is ctx's, and the connection is only good to be closed.
func within(ctx context.Context, conn net.Conn, dialogue func() error) error {
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err := dialogue()
	if !release() {
		return ctx.Err()
	}
	return err
}

// problem returns what is wrong with settings if it is.
func problem(is bool, what string) error {
	if is {
		return errors.New(what)
	}
	return nil
}
