package postgres

import (
	"encoding/binary"
	"slices"
)

// The codes of an Authentication message that matter here.
const (
	authenticationOK   = 0
	authenticationSASL = 10
)

// bindingMechanism is the mechanism in which the client's proof of its
// password covers the certificate it has seen (RFC 5929's
// tls-server-end-point). The proxy's isn't the server's, unless both have the
// same.
const bindingMechanism = "SCRAM-SHA-256-PLUS"

// sqlstateBinding is the server's code for a binding that isn't the one it
// expects: "SCRAM channel binding check failed", "negotiation error". Other
// failures of SCRAM are 28P01 and 08P01.
const sqlstateBinding = "28000"

const hintBinding = "TLS ends at a proxy between client and server, so that the client does not see the server's certificate." +
	" Connect with channel_binding=disable."

// maxRead is the size, in bytes, beyond which a message is no Authentication
// and no error of a login.
const maxRead = 4096

// authenticates reports whether a message may have to do with channel binding:
// on a backend's leg of TLS those that authenticate, and while it is at stake
// an error.
func (c *codec) authenticates(m message) bool {
	relevant := m.kind == typeAuthentication && c.backendSecured || m.kind == typeError && c.bindable
	return relevant && m.size <= maxRead
}

// explained reads such a message and returns what the client hears in its
// place, nil for itself.
func (c *codec) explained(m message, whole []byte) []byte {
	if m.kind == typeError {
		return c.explainError(whole)
	}
	body := whole[typedHeader:]
	if len(body) < 4 {
		return nil
	}
	switch binary.BigEndian.Uint32(body) {
	case authenticationOK:
		c.bindable = false
	case authenticationSASL:
		return c.offer(whole, body[4:])
	}
	return nil
}

// offer reads the list of mechanisms at the end of an AuthenticationSASL. A
// client without TLS has nothing to bind to, and libpq takes the offer for a
// sign that somebody has stripped TLS off: it isn't shown. From a client with
// TLS it can't be hidden: it says that it could have bound, and the server
// refuses it for not having heard of the offer.
func (c *codec) offer(whole, list []byte) []byte {
	others, found, ok := withoutBinding(list)
	switch {
	case !ok || !found:
		return nil
	case c.secured:
		c.bindable = true
		return nil
	case len(others) == 1:
		return nil
	default:
		return sized(slices.Concat(whole[:typedHeader+4], others))
	}
}

// withoutBinding returns a copy of the list of mechanisms without the one that
// binds, with its terminator, and whether that was found. ok is false if it
// isn't a list.
func withoutBinding(list []byte) (others []byte, found, ok bool) {
	for {
		name, rest, isString := cutString(list)
		switch {
		case !isString:
			return nil, false, false
		case len(name) == 0:
			return append(others, 0), found, len(rest) == 0
		case string(name) == bindingMechanism:
			found = true
		default:
			others = appendString(others, name)
		}
		list = rest
	}
}

// explainError adds a hint to an ErrorResponse that is about channel binding
// and has none. All its fields stay as they are. (A NoticeResponse would be
// the other way, but libpq takes none before it has been authenticated.)
func (c *codec) explainError(whole []byte) []byte {
	sqlstate, hinted, ok := errorFields(whole[typedHeader:])
	if !ok || hinted || string(sqlstate) != sqlstateBinding {
		return nil
	}
	c.errored = true
	terminator := len(whole) - 1
	return sized(append(appendField(slices.Clone(whole[:terminator]), 'H', hintBinding), 0))
}

// errorFields walks over the fields of an ErrorResponse. ok is false if that
// isn't what they are.
func errorFields(fields []byte) (sqlstate []byte, hinted, ok bool) {
	for len(fields) > 0 && fields[0] != 0 {
		text, rest, isString := cutString(fields[1:])
		if !isString {
			return nil, false, false
		}
		switch fields[0] {
		case 'C':
			sqlstate = text
		case 'H':
			hinted = true
		}
		fields = rest
	}
	return sqlstate, hinted, len(fields) == 1
}

// sized sets the length of a message to what it is.
func sized(message []byte) []byte {
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-1))
	return message
}
