package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

const tlsHost = "client.example"

// tlsSettings are those of a client, and the configuration of its server.
func tlsSettings(t *testing.T) (*secure.Settings, *tls.Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{tlsHost}}).Write(file); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	return &secure.Settings{CA: file, ServerName: tlsHost},
		&tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{postgresALPN}}
}

// answerRequest reads SSLRequest and answers it.
func (p *peer) answerRequest(with string) {
	p.t.Helper()
	var request [8]byte
	if _, err := io.ReadFull(p.conn, request[:]); err != nil || request != sslRequest {
		p.t.Errorf("peer: got % x, %v", request, err)
	}
	_, _ = p.conn.Write([]byte(with))
}

func TestPostgresNegotiations(t *testing.T) {
	for how := range negotiations {
		t.Run(how.String(), func(t *testing.T) {
			client, server := tlsSettings(t)
			var protocol string
			ended := make(chan struct{})
			s := settings(serve(t, func(p *peer) {
				defer close(ended)
				if how == ByRequest {
					p.answerRequest("S")
				}
				conn := tls.Server(p.conn, server)
				p.Backend = pgproto3.NewBackend(conn, conn)
				p.greet()
				protocol = conn.ConnectionState().NegotiatedProtocol
				p.send(answer(p.query())...)
				_, _ = p.Receive()
			}), "any")
			var agreed []secure.Terms
			s.TLS, s.Negotiation = client, how
			s.Established = func(terms secure.Terms) { agreed = append(agreed, terms) }
			conn := dial(t, newDialer(t, s), 0)
			exchange(t, conn)
			closeConn(t, conn)
			<-ended
			if protocol != postgresALPN || len(agreed) != 1 || agreed[0].Version != tls.VersionTLS13 {
				t.Errorf("protocol %q, agreed on %v", protocol, agreed)
			}
		})
	}
}

func TestPostgresNegotiationFailures(t *testing.T) {
	client, server := tlsSettings(t)
	for name, c := range map[string]struct {
		how    Negotiation
		script func(*peer)
		kind   measure.Failure
		said   string
	}{
		"no":               {ByRequest, func(p *peer) { p.answerRequest("N") }, measure.Handshake, "the server speaks no TLS"},
		"an ErrorResponse": {ByRequest, func(p *peer) { p.answerRequest("E") }, measure.Handshake, "an answer of 0x45 to SSLRequest"},
		"the end":          {ByRequest, func(p *peer) { p.answerRequest("") }, measure.Ended, ""},
		"bytes in the clear": {ByRequest, func(p *peer) {
			p.answerRequest("SR\x00\x00\x00\x08\x00\x00\x00\x00")
			_, _ = io.Copy(io.Discard, p.conn)
		}, measure.Handshake, "tls: first record does not look like a TLS handshake"},
		"no protocol in common": {Direct, func(p *peer) {
			other := server.Clone()
			other.NextProtos = []string{"h2"}
			_ = tls.Server(p.conn, other).Handshake()
		}, measure.Handshake, "alert: tls: no application protocol"},
		"an alert later": {Direct, func(p *peer) {
			asking := server.Clone()
			asking.ClientAuth = tls.RequireAnyClientCert
			_ = tls.Server(p.conn, asking).Handshake()
			_, _ = io.Copy(io.Discard, p.conn) // or a reset would come before the alert
		}, measure.Alert, "alert: tls: certificate required"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(serve(t, c.script), "any")
			s.TLS, s.Negotiation = client, c.how
			_, err := newDialer(t, s).Dial(limited(t), netip.Addr{}, 0)
			expect(t, err, c.kind, c.said)
		})
	}
}

// TestPostgresNegotiationCancelled ends the wait for a server that is silent,
// before TLS and within the handshake.
func TestPostgresNegotiationCancelled(t *testing.T) {
	client, _ := tlsSettings(t)
	for how := range negotiations {
		t.Run(how.String(), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := settings(serve(t, func(p *peer) {
				_, _ = p.conn.Read(make([]byte, 1))
				cancel()
				_, _ = io.Copy(io.Discard, net.Conn(p.conn))
			}), "any")
			s.TLS, s.Negotiation = client, how
			if _, err := newDialer(t, s).Dial(ctx, netip.Addr{}, 0); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestParseNegotiation(t *testing.T) {
	var names []string
	for n := range negotiations {
		names = append(names, n.String())
		if got, err := ParseNegotiation(n.String()); err != nil || got != n {
			t.Errorf("%v: %v, %v", n, got, err)
		}
	}
	if _, err := ParseNegotiation("later"); err == nil || len(slices.Compact(names)) != int(negotiations) {
		t.Errorf("%v, names %q", err, names)
	}
}
