package smtp

import (
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// maxPending is how many unconsumed bytes the engine keeps of one side: a
// client's pipelined commands while the backend is opened (a batch of 100
// recipients, of which the standard wants servers to take as many, RFC 5321
// section 4.5.3.1.8), or one reply of the backend's.
const maxPending = 32 << 10

// Front returns the front end of a listener for SMTP clients. It panics if the
// options aren't valid; see Options.Validate.
func Front(o Options) codecs.Front {
	if err := o.Validate(); err != nil {
		panic(err)
	}
	cfg := newSettings(o)
	return codecs.Front{
		Protocol:   codecs.SMTP,
		Negotiates: o.TLS != TLSImplicit,
		Addresses:  o.ClientHeader != NoHeader,
		MaxPending: maxPending,
		New:        func() codecs.Codec { return &codec{cfg: cfg} },
	}
}

// settings are Options made ready. Shared by all codecs of a listener and
// never written to.
type settings struct {
	Options
	// greeting is what a client hears first, and goodbye what it hears last.
	greeting, goodbye []byte
	// helo answers HELO, plain EHLO in the clear and secure EHLO within TLS.
	helo, plain, secure []byte
	// utf8 and chunking say that the capability is listed.
	utf8, chunking bool
}

func newSettings(o Options) *settings {
	o.Capabilities = slices.Clone(o.Capabilities)
	if o.Capabilities == nil {
		o.Capabilities = DefaultCapabilities()
	}
	o.Name = orDefault(o.Name, "localhost")
	o.MaxCommands = orDefault(o.MaxCommands, DefaultMaxCommands)
	o.MaxErrors = orDefault(o.MaxErrors, DefaultMaxErrors)
	s := &settings{Options: o}
	s.greeting = []byte("220 " + o.Name + " ESMTP\r\n")
	s.goodbye = []byte("221 2.0.0 " + o.Name + " closing connection\r\n")
	s.helo = []byte("250 " + o.Name + "\r\n")
	s.plain, s.secure = s.listed(false), s.listed(true)
	s.utf8, s.chunking = s.lists("SMTPUTF8"), s.lists("CHUNKING")
	return s
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// lists says whether a capability is configured.
func (s *settings) lists(keyword string) bool {
	return slices.ContainsFunc(s.Capabilities, func(line string) bool {
		first, _, _ := strings.Cut(line, " ")
		return strings.EqualFold(first, keyword)
	})
}

// listed is the reply to EHLO.
func (s *settings) listed(secure bool) []byte {
	lines := append([]string{s.Name}, s.Capabilities...)
	if s.negotiable() && !secure {
		lines = append(lines, "STARTTLS")
	}
	if s.authenticates(secure) {
		lines = append(lines, "AUTH PLAIN LOGIN")
	}
	last := len(lines) - 1
	var reply []byte
	for _, line := range lines[:last] {
		reply = append(append(append(reply, "250-"...), line...), crlf...)
	}
	return append(append(append(reply, "250 "...), lines[last]...), crlf...)
}

// negotiable says whether STARTTLS is served here.
func (s *settings) negotiable() bool { return s.TLS == TLSOffered || s.TLS == TLSRequired }

// needsTLS says whether nothing is routed before TLS stands.
func (s *settings) needsTLS() bool {
	return s.TLS == TLSRequired || s.negotiable() && s.RouteBy == RouteBySNI
}

// authenticates says whether AUTH is served here. It isn't in the clear where
// the client could encrypt: both mechanisms send the password as it is (RFC
// 4954 section 4).
func (s *settings) authenticates(secure bool) bool {
	return s.RouteBy == RouteByAUTH && (secure || !s.negotiable())
}
