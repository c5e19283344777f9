package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// Negotiation is how a PostgreSQL connection comes to speak TLS.
type Negotiation uint8

// The negotiations.
const (
	// ByRequest asks for it with SSLRequest, in the clear.
	ByRequest Negotiation = iota
	// Direct begins with the handshake, and ALPN, as PostgreSQL 17 understands.
	Direct

	negotiations
)

// String returns the name on the command line, which is libpq's.
func (n Negotiation) String() string {
	switch n {
	case ByRequest:
		return "postgres"
	case Direct:
		return "direct"
	default:
		return fmt.Sprintf("Negotiation(%d)", uint8(n))
	}
}

// ParseNegotiation returns the negotiation of that name.
func ParseNegotiation(name string) (Negotiation, error) {
	for n := range negotiations {
		if n.String() == name {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no negotiation %q; there are %v and %v", name, ByRequest, Direct)
}

// postgresALPN is the protocol's name (PostgreSQL's documentation, section
// 54.2.11, and IANA's registry of ALPN protocol IDs).
const postgresALPN = "postgresql"

// sslRequest is the message: its length, and 80877103.
var sslRequest = [8]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}

// errNoTLS is a server's answer N to SSLRequest.
var errNoTLS = errors.New("the server speaks no TLS")

// encrypt returns the connection under TLS, the handshake done. The library
// could do it as well, but tells nothing apart that goes wrong, and nothing of
// what was agreed on.
func encrypt(ctx context.Context, conn net.Conn, how Negotiation, config *tls.Config) (*tls.Conn, error) {
	if how == ByRequest {
		if err := requestTLS(ctx, conn); err != nil {
			return nil, err
		}
	}
	encrypted := tls.Client(conn, config)
	err := encrypted.HandshakeContext(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &secure.HandshakeError{Err: err}
	}
	return encrypted, nil
}

// requestTLS asks for TLS. The answer is one byte; what a server sent behind it
// in the clear would fail the handshake.
func requestTLS(ctx context.Context, conn net.Conn) error {
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	_, err := conn.Write(sslRequest[:])
	var answer [1]byte
	if err == nil {
		_, err = io.ReadFull(conn, answer[:])
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case answer[0] == 'S':
		return nil
	case answer[0] == 'N':
		return &secure.HandshakeError{Err: errNoTLS}
	default:
		return &secure.HandshakeError{Err: fmt.Errorf("an answer of %#02x to SSLRequest", answer[0])}
	}
}
