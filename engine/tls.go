package engine

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TLS are the settings of all listeners that offer TLS, and of the backends'
// legs.
type TLS struct {
	// Backends holds what backends are verified with and shown. Required iff a
	// backend's leg may be encrypted, which a route may ask for.
	Backends *tlsterm.Client
	// Handshakes is the most handshakes at once, of clients and backends; the
	// rest waits. Computing is how many of them may use the processor at once.
	Handshakes, Computing int
}

// The keys of a Result's metadata that say how its backend's leg is encrypted,
// whatever the listener says.
const (
	// MetadataTLS is one of tlsterm.ParseVerify's words.
	MetadataTLS = "tls"
	// MetadataTLSName is the name the backend's certificate must be valid for
	// and is asked for by SNI, instead of the endpoint's host.
	MetadataTLSName = "tls_server_name"
)

// backendTLS is how one backend is reached: how its leg is encrypted, and what
// header it begins with; the zero value is not at all, and with none.
type backendTLS struct {
	verify tlsterm.Verify
	name   string
	header proxyheader.Version
}

// personal says that the leg serves one client alone, which it tells of.
func (b *backendTLS) personal() bool { return b.header != proxyheader.None }

// backendTLS returns what holds for a route: its own word, or the listener's.
func (e *Engine) backendTLS(l *Listener, route *resolve.Route) (backendTLS, error) {
	leg, err := l.backendTLS(route)
	if err == nil && leg.verify != tlsterm.Off && e.cfg().TLS.Backends == nil {
		return backendTLS{}, errors.New("TLS to the backend: the route asks for it, and there is nothing to verify backends with")
	}
	return leg, err
}

func (l *Listener) backendTLS(route *resolve.Route) (backendTLS, error) {
	verify := l.BackendTLS
	if word, said := route.Metadata[MetadataTLS]; said {
		var err error
		if verify, err = tlsterm.ParseVerify(word); err != nil {
			return backendTLS{}, fmt.Errorf("the route's metadata %s: %w", MetadataTLS, err)
		}
	}
	header := l.BackendHeader
	if word, said := route.Metadata[MetadataProxyProtocol]; said {
		var err error
		if header, err = proxyheader.ParseVersion(word); err != nil {
			return backendTLS{}, fmt.Errorf("the route's metadata %s: %w", MetadataProxyProtocol, err)
		}
	}
	switch {
	case verify == tlsterm.Off:
		return backendTLS{header: header}, nil
	case verify == tlsterm.Prefer && !l.Front.Negotiates:
		return backendTLS{}, fmt.Errorf("TLS to the backend: %s has no way to ask for it, so %q can't be served", l.Front.Protocol, tlsterm.Prefer)
	}
	name := route.Metadata[MetadataTLSName]
	if name == "" {
		name, _, _ = net.SplitHostPort(route.Endpoint)
	}
	return backendTLS{verify, name, header}, nil
}

// linkKey is where a link to an HTTP backend leads, and how: links with the same
// key serve for each other.
type linkKey struct {
	addr netip.AddrPort
	leg  backendTLS
}

// policy is what the codec is told.
func (b *backendTLS) policy() codecs.TLSPolicy {
	switch b.verify {
	case tlsterm.Off:
		return codecs.NoTLS
	case tlsterm.Prefer:
		return codecs.PreferTLS
	}
	return codecs.RequireTLS
}

// implicitTLS says that the listener's clients begin with TLS.
func (l *Listener) implicitTLS() bool { return l.TLS != nil && !l.Front.Negotiates }

// shown is what the client's handshake has told of it.
type shown struct {
	tls      codecs.TLS
	identity *resolve.Identity
}

func shownBy(state *tls.ConnectionState) shown {
	return shown{
		tls:      codecs.TLS{ServerName: strings.ToLower(state.ServerName), ALPN: state.NegotiatedProtocol},
		identity: identityOf(*state),
	}
}

// visitor is a client as the resolver is told of it; shown is nil without TLS.
type visitor struct {
	addr  netip.AddrPort
	shown *shown
}

// request is the question about a resource that the client wants.
func (v visitor) request(spec *Listener, resource string) resolve.Request {
	r := resolve.Request{Protocol: spec.Front.Protocol.String(), Resource: resource, Client: v.addr}
	if v.shown != nil {
		r.ServerName, r.Identity = v.shown.tls.ServerName, v.shown.identity
	}
	return r
}

// handshakeReason is the reason of a session whose client's TLS didn't come
// about.
func handshakeReason(err error) Reason {
	switch {
	case errors.Is(err, tlsterm.ErrCrowded):
		return HandshakeCrowded
	case errors.Is(err, os.ErrDeadlineExceeded):
		return HandshakeTimeout
	case err == io.EOF, err == io.ErrUnexpectedEOF, errors.Is(err, syscall.ECONNRESET):
		return ClientGone
	}
	return HandshakeFailed
}

// backendHandshakeReason is the same for the backend's leg.
func backendHandshakeReason(err error) Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return BackendHandshakeTimeout
	}
	return BackendHandshakeFailed
}

// plainHTTP is the answer to a client that speaks HTTP where TLS is spoken, nil
// for one that doesn't.
func plainHTTP(spec *Listener, hello []byte) []byte {
	if spec.Front.Protocol != codecs.HTTP || len(hello) == 0 || hello[0] < 'A' || hello[0] > 'Z' {
		return nil
	}
	return []byte("HTTP/1.0 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"This port speaks HTTPS.\n")
}
