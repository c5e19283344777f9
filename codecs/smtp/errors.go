package smtp

import (
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// refusal is how a kind of failure is spoken.
type refusal struct {
	// code is the reply's with the enhanced one: 4yz has the client try again.
	code string
	// text follows it; namePlace stands for the resource's name.
	text string
}

// namePlace becomes ` "name"`, or nothing when the name is unknown.
const namePlace = "%"

// refusals has an entry for every kind. These texts, the constant details and
// the quoted resource are all a client is ever shown.
var refusals = [...]refusal{
	codecs.Internal:    {"451 4.3.0", "Internal error"},
	codecs.NotFound:    {"550 5.1.2", "Domain% is not served here"},
	codecs.Forbidden:   {"550 5.7.1", "Access to domain% denied"},
	codecs.Unavailable: {"421 4.3.2", "Mail server% is not available, try again later"},
	codecs.Timeout:     {"421 4.4.1", "Mail server% did not answer in time, try again later"},
	codecs.TooMany:     {"421 4.7.0", "Too many connections, try again later"},
	codecs.Malformed:   {"500 5.5.2", "Syntax error"},
	codecs.Unsupported: {"502 5.5.1", "Not implemented"},
}

// refusalOf returns the refusal of a kind; one it doesn't know is a fault of
// ours.
func refusalOf(k codecs.Kind) refusal {
	if int(k) < len(refusals) {
		return refusals[k]
	}
	return refusals[codecs.Internal]
}

// appendRefusal appends f as a reply of one line. Where no resource is known,
// as in every failure before the routing, the detail says more than the kind's
// own text and takes its place.
func appendRefusal(dst []byte, f codecs.Failure) []byte {
	r := refusalOf(f.Kind)
	dst = append(append(dst, r.code...), ' ')
	if f.Resource == "" && f.Detail != "" {
		return append(append(dst, f.Detail...), crlf...)
	}
	dst = appendNamed(dst, r.text, f.Resource)
	if f.Detail != "" {
		dst = append(append(dst, ": "...), f.Detail...)
	}
	return append(dst, crlf...)
}

// appendNamed appends text with the name in its place.
func appendNamed(dst []byte, text, name string) []byte {
	before, after, named := strings.Cut(text, namePlace)
	dst = append(dst, before...)
	if named && quotable(name) {
		dst = naming.AppendQuoted(append(dst, ' '), name, maxName)
	}
	return append(dst, after...)
}

// quotable says that a name may stand in a reply, which is ASCII unless the
// client has said that it takes more (RFC 6531 section 3.7.4).
func quotable(name string) bool {
	return name != "" && !international([]byte(name))
}
