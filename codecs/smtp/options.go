package smtp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options configure the front end of one listener. The zero value is useful:
// it routes by EHLO, without TLS.
type Options struct {
	// Name is the host name in the greeting and in replies, "localhost" if
	// empty. Mail for <postmaster> without a domain is routed by it.
	Name string
	// RouteBy says what a client's resource id is taken from.
	RouteBy RouteBy
	// TLS says whether clients may encrypt their leg.
	TLS TLSMode
	// Capabilities are the lines of the reply to EHLO where it is answered here,
	// in order: what every backend must have. STARTTLS and AUTH are added where
	// they are served here. nil stands for DefaultCapabilities.
	Capabilities []string
	// ClientHeader says how backends are told of the client's address.
	ClientHeader ClientHeader
	// MaxCommands is how many commands a client may send before it is routed,
	// and MaxErrors how many of its commands may be refused here; 0 stands for
	// DefaultMaxCommands and DefaultMaxErrors.
	MaxCommands, MaxErrors int
}

const (
	// DefaultMaxCommands is more than any client needs to name its recipient:
	// EHLO, STARTTLS, EHLO, AUTH with its two lines, MAIL, RCPT, and as much
	// again for HELP, NOOP and RSET.
	DefaultMaxCommands = 50
	// DefaultMaxErrors leaves room for a person who types.
	DefaultMaxErrors = 10
)

// DefaultCapabilities are those that every mail server of the last twenty
// years has, in a slice of the caller's own.
func DefaultCapabilities() []string {
	return []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"}
}

// RouteBy is what the resource id of a client is taken from.
type RouteBy uint8

// What a client can be routed by. See the package comment.
const (
	RouteByEHLO RouteBy = iota
	RouteByRCPT
	RouteByAUTH
	RouteBySNI
)

var routeByNames = []string{RouteByEHLO: "ehlo", RouteByRCPT: "rcpt", RouteByAUTH: "auth", RouteBySNI: "sni"}

// String returns the name that settings use.
func (r RouteBy) String() string { return nameOf(routeByNames, int(r)) }

// UnmarshalText takes the name that settings use.
func (r *RouteBy) UnmarshalText(text []byte) error { return parse(r, routeByNames, text) }

// TLSMode is whether clients may, or must, encrypt their leg.
type TLSMode uint8

// The modes of the client's leg.
const (
	// TLSOff: STARTTLS isn't served here. A backend's passes through a relay.
	TLSOff TLSMode = iota
	// TLSOffered: STARTTLS may be used.
	TLSOffered
	// TLSRequired: STARTTLS must be used before anything is routed.
	TLSRequired
	// TLSImplicit: TLS begins with the first byte, on a port of its own (465).
	// The driver does it on both legs, as for protocols that don't negotiate.
	TLSImplicit
)

var tlsModeNames = []string{TLSOff: "off", TLSOffered: "offered", TLSRequired: "required", TLSImplicit: "implicit"}

// String returns the name that settings use.
func (m TLSMode) String() string { return nameOf(tlsModeNames, int(m)) }

// UnmarshalText takes the name that settings use.
func (m *TLSMode) UnmarshalText(text []byte) error { return parse(m, tlsModeNames, text) }

// ClientHeader is how a backend is told of the client's address in SMTP's own
// words. The PROXY protocol is the driver's, before them.
type ClientHeader uint8

// The ways of telling a backend. Each must be allowed at the backend, to the
// proxy's address and to no other.
const (
	// NoHeader: it isn't.
	NoHeader ClientHeader = iota
	// XClient: Postfix's XCLIENT command. A backend that doesn't list it isn't
	// used: it would take every client for the proxy, and trust it as such.
	XClient
)

var clientHeaderNames = []string{NoHeader: "none", XClient: "xclient"}

// String returns the name that settings use.
func (h ClientHeader) String() string { return nameOf(clientHeaderNames, int(h)) }

// UnmarshalText takes the name that settings use.
func (h *ClientHeader) UnmarshalText(text []byte) error { return parse(h, clientHeaderNames, text) }

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

// parse sets an enum to the value of that name.
func parse[T ~uint8](value *T, names []string, text []byte) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
	}
	*value = T(i)
	return nil
}

// Validate returns everything that is wrong with the options, nil if nothing
// is. Front panics on options that aren't valid.
func (o Options) Validate() error {
	var errs []error
	if o.Name != "" && !validName([]byte(o.Name)) {
		errs = append(errs, fmt.Errorf("%q is no host name", o.Name))
	}
	if o.RouteBy == RouteBySNI && o.TLS == TLSOff {
		errs = append(errs, errors.New("routing by SNI needs TLS on the client's leg"))
	}
	if o.MaxCommands < 0 || o.MaxErrors < 0 {
		errs = append(errs, errors.New("a limit is negative"))
	}
	for _, c := range o.Capabilities {
		if err := validCapability(c); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// validCapability wants a keyword and its parameters (RFC 5321 section
// 4.1.1.1), and none that a codec can't keep the promise of.
func validCapability(line string) error {
	keyword, _, _ := strings.Cut(line, " ")
	if keyword == "" || len(line) > maxCapability || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%q is no capability", line)
	}
	for _, own := range []string{"STARTTLS", "AUTH", "XCLIENT", "XFORWARD", "ETRN", "BURL"} {
		if strings.EqualFold(keyword, own) {
			return fmt.Errorf("capability %s isn't one to configure", own)
		}
	}
	return nil
}

// maxCapability keeps a line of the reply within RFC 5321's 512 bytes.
const maxCapability = 500
