package postgres

import (
	"encoding/binary"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// refusal is how a kind of failure is spoken.
type refusal struct {
	// sqlstate is the code drivers act on (PostgreSQL's appendix A).
	sqlstate string
	// text is the message; namePlace stands for the resource's name.
	text string
	// hint tells the user what helps, "" if nothing does.
	hint string
}

// maxQuoted is how much of a name is quoted, in bytes, the character that
// crosses it included: the server's own names end there (NAMEDATALEN - 1).
const maxQuoted = 63

// namePlace becomes ` "name"`, or nothing when the name is unknown.
const namePlace = "%"

const hintAgain = "Try again in a moment."

// advice is a hint that takes the place of the kind's own.
type advice uint8

const (
	// adviceOfKind: the kind's own hint.
	adviceOfKind advice = iota
	// adviceEncrypt: what a client in the clear does about it.
	adviceEncrypt
	// adviceSettings: nothing the client could do.
	adviceSettings
)

const (
	hintEncrypt  = "Connect with sslmode=require or stronger."
	hintSettings = "The TLS settings of the server, or of the route to it, have to be changed."
)

// hint returns the text for a client that is refused as r says.
func (a advice) hint(r refusal) string {
	switch a {
	case adviceOfKind:
		return r.hint
	case adviceEncrypt:
		return hintEncrypt
	default:
		return hintSettings
	}
}

// refusals has an entry for every kind. These texts, the constant details and
// the quoted resource are all a client is ever shown.
var refusals = [...]refusal{
	codecs.Internal:    {"XX000", "internal error", ""},
	codecs.NotFound:    {"3D000", "database% does not exist", ""},
	codecs.Forbidden:   {"28000", "permission denied for database%", ""},
	codecs.Unavailable: {"57P03", "database% is not accepting connections", hintAgain},
	codecs.Timeout:     {"57P03", "database% did not accept the connection in time", hintAgain},
	codecs.TooMany:     {"53300", "too many connections for database%", hintAgain},
	codecs.Malformed:   {"08P01", "invalid startup packet", ""},
	codecs.Unsupported: {"0A000", "feature not supported", ""},
}

// refusalOf returns the refusal of a kind; one it doesn't know is a fault of
// ours.
func refusalOf(k codecs.Kind) refusal {
	if int(k) < len(refusals) {
		return refusals[k]
	}
	return refusals[codecs.Internal]
}

// appendRefusal appends f as an ErrorResponse. Where no resource is known, as
// in every failure before the routing, the detail says more than the kind's
// own text and takes its place.
func appendRefusal(dst []byte, f codecs.Failure, a advice) []byte {
	r := refusalOf(f.Kind)
	from := len(dst)
	dst = append(dst, typeError, 0, 0, 0, 0)
	// S may be translated and V never is; both are required.
	dst = appendField(dst, 'S', "FATAL")
	dst = appendField(dst, 'V', "FATAL")
	dst = appendField(dst, 'C', r.sqlstate)
	if f.Resource == "" && f.Detail != "" {
		dst = appendField(dst, 'M', f.Detail)
	} else {
		dst = appendMessage(dst, r.text, f.Resource)
		dst = appendField(dst, 'D', f.Detail)
	}
	dst = appendField(dst, 'H', a.hint(r))
	dst = append(dst, 0)
	binary.BigEndian.PutUint32(dst[from+1:], uint32(len(dst)-from-1))
	return dst
}

// appendField appends a field of an ErrorResponse, if there is text for it.
func appendField(dst []byte, field byte, text string) []byte {
	if text == "" {
		return dst
	}
	return appendString(append(dst, field), text)
}

// appendMessage appends the field M, text with the name in its place.
func appendMessage(dst []byte, text, name string) []byte {
	before, after, named := strings.Cut(text, namePlace)
	dst = append(append(dst, 'M'), before...)
	if named && name != "" {
		dst = naming.AppendQuoted(append(dst, ' '), name, maxQuoted)
	}
	return appendString(dst, after)
}
