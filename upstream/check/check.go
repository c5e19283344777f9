// Package check looks whether a backend serves, over a connection of its own and
// in its own protocol, without anybody's password.
//
// A [Func] is one protocol's way to look, [Run] dials for it and says in terms of
// [upstream.Outcome] what was wrong. Used for active health checks and to find out
// when a backend that was woken is ready. A backend that answers with an error of a
// login serves; one that says that it starts, shuts down or is full doesn't.
//
// The messages are written and read here rather than by the codecs: those are
// proxies' state machines, whose parts are theirs alone, and these checks need
// a message or two.
package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/proxy-engine/proxy-engine/upstream"
)

// Func looks at the backend at the other end of conn: nil if it serves. It may
// leave conn in any state, but doesn't close it. Reads and writes end with ctx,
// which Run sees to.
type Func func(ctx context.Context, conn net.Conn) error

// Options say how to look.
type Options struct {
	// TLS is for backends of HTTP, MongoDB and other protocols with TLS from the first
	// byte; nil is plain. PostgreSQL, MySQL and SMTP tell whether they serve before
	// TLS is spoken of, and are checked without.
	TLS *tls.Config
	// TLSFirst has SMTP begin with TLS as well (port 465).
	TLSFirst bool
	// Path and Host are HTTP's target and Host; "" are "/" and the address.
	Path, Host string
	// Below is what HTTP's status must be below, 0 for 400.
	Below int
}

// For returns the check of the protocol of that name (codecs.Protocol.String):
// of postgresql, mysql, mongodb, smtp and http their own, TCP's of the others.
func For(protocol string, o Options) Func {
	direct := o.TLS
	fn := TCP
	switch protocol {
	case "postgresql":
		fn, direct = PostgreSQL, nil
	case "mysql":
		fn, direct = MySQL, nil
	case "mongodb":
		fn = MongoDB
	case "smtp":
		fn = SMTP
		if !o.TLSFirst {
			direct = nil
		}
	case "http":
		fn = HTTP(o.Path, o.Host, o.Below)
	}
	if direct == nil {
		return fn
	}
	return Secured(fn, direct)
}

// TCP is content with a connection.
func TCP(context.Context, net.Conn) error { return nil }

// Secured looks within TLS, which begins with the first byte.
func Secured(fn Func, config *tls.Config) Func {
	return func(ctx context.Context, conn net.Conn) error {
		secured := tls.Client(conn, config)
		err := secured.HandshakeContext(ctx)
		switch {
		case isTimeout(err):
			return err
		case err != nil:
			return &upstream.Error{Outcome: upstream.HandshakeFailed, Err: fmt.Errorf("TLS: %w", err)}
		}
		err = fn(ctx, secured)
		_ = secured.Close() // says goodbye, so that the backend doesn't log a broken connection
		return err
	}
}

// Dialer connects to an address, as net.Dialer does.
type Dialer func(ctx context.Context, address netip.AddrPort) (net.Conn, error)

// Run connects to the addresses one after the other and looks, until one of them
// serves; ctx bounds it all. The error, of the last address, is an *upstream.Error,
// or the dialer's.
func Run(ctx context.Context, dial Dialer, addresses []netip.AddrPort, fn Func) error {
	err := errors.New("no address")
	for i, address := range addresses {
		if err = runShare(ctx, dial, address, fn, len(addresses)-i); err == nil {
			return nil
		}
	}
	return err
}

// runShare looks at one address in its share of the time, left addresses being
// to come, this one included.
func runShare(ctx context.Context, dial Dialer, address netip.AddrPort, fn Func, left int) error {
	if end, bounded := ctx.Deadline(); bounded {
		share, cancel := context.WithTimeout(ctx, upstream.ConnectTimeout(time.Until(end), left))
		defer cancel()
		ctx = share
	}
	conn, err := dial(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// The past as a deadline ends what is under way.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return explain(fn(ctx, conn))
}

// explain has an error of fn's say what it means.
func explain(err error) error {
	var known *upstream.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case isTimeout(err):
		return &upstream.Error{Outcome: upstream.Silent, Err: errors.New("no answer in time")}
	case hungUp(err):
		return &upstream.Error{Outcome: upstream.HungUp, Err: errors.New("connection closed before the answer")}
	}
	return &upstream.Error{Outcome: upstream.Failed, Err: err}
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

func hungUp(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
