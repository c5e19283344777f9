package tlsterm

import (
	"crypto/tls"
	"slices"
	"sync/atomic"
)

// face is a server's configuration for a list of application protocols.
// Handshakes begin with outer, which never changes, and go on with inner, which
// is another after each reload. The keys of session tickets are outer's:
// crypto/tls makes a new one daily and takes those of a week.
type face struct {
	outer *tls.Config
	inner atomic.Pointer[tls.Config]
}

func newFace(outer *tls.Config) *face {
	f := &face{outer: outer}
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.inner.Load(), nil }
	return f
}

// nameMark begins the server name in a session's Extra, as crypto/tls wants
// entries to be told apart.
const nameMark = "proxy-engine server name 1:"

func nameEntry(cs tls.ConnectionState) string { return nameMark + cs.ServerName }

// wrapSession makes a ticket that remembers the name the client asked for.
func (f *face) wrapSession(cs tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
	session.Extra = append(session.Extra, []byte(nameEntry(cs)))
	return f.outer.EncryptTicket(cs, session)
}

// unwrapSession takes a ticket for the same name only: RFC 6066 section 3
// forbids to resume a session under another, and what TLS 1.3 leaves open is
// no better an idea where names are tenants.
func (f *face) unwrapSession(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	session, err := f.outer.DecryptTicket(ticket, cs)
	if session == nil {
		return nil, err
	}
	same := func(entry []byte) bool { return string(entry) == nameEntry(cs) }
	if !slices.ContainsFunc(session.Extra, same) {
		return nil, nil
	}
	return session, nil
}
